"""Test images: which is looked at, in which order they are offered, and where what is said about them comes from."""

from pages.parts.samples.provenance import epoch_words, provenance
from pages.parts.samples.sample_order import leading
from pages.parts.samples.sample_picker import class_name, pick_sample

__all__ = ["class_name", "epoch_words", "leading", "pick_sample", "provenance"]
