"""The Speed and size page."""

from pages.parts.speed.export import export_section
from pages.parts.speed.facts import provenance_text, race_of
from pages.parts.speed.view import choose_batch, latency_section, size_table

__all__ = ["choose_batch", "export_section", "latency_section", "provenance_text", "race_of", "size_table"]
