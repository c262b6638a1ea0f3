"""Files from outside: downloads, uploads, and images of every kind."""

from kd_core.datasets.io.download import Archive, fetch
from kd_core.datasets.io.image_files import folders, found_files, loose_images, read_images
from kd_core.datasets.io.upload import unpack

__all__ = ["Archive", "fetch", "folders", "found_files", "loose_images", "read_images", "unpack"]
