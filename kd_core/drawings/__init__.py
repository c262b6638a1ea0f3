"""Drawings: how a picture of one's own becomes an image like those of a dataset, without torch."""

from kd_core.drawings.preparation import Preparation, prepare, scaled
from kd_core.drawings.uploaded_picture import MOST_BYTES, prepare_upload

__all__ = ["MOST_BYTES", "Preparation", "prepare", "prepare_upload", "scaled"]
