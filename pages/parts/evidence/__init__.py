"""The Evidence page."""

from pages.parts.evidence.files import documents, grouped
from pages.parts.evidence.overview import overview
from pages.parts.evidence.view import entry, everything, summary

__all__ = ["documents", "entry", "everything", "grouped", "overview", "summary"]
