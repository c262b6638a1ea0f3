"""Files from outside: downloads, uploads, and images of every kind."""

from kd_core.datasets.io.download import Archive, Download
from kd_core.datasets.io.image_files import folders, found_files, loose_images, read_images
from kd_core.datasets.io.upload import remove_upload, unpack, unpack_once, unwrapped, uploads_in
from kd_core.datasets.io.working_folder import DOWNLOAD, sweep_leftovers, working_folder

__all__ = [
    "DOWNLOAD",
    "Archive",
    "Download",
    "folders",
    "found_files",
    "loose_images",
    "read_images",
    "remove_upload",
    "sweep_leftovers",
    "unpack",
    "unpack_once",
    "unwrapped",
    "uploads_in",
    "working_folder",
]
