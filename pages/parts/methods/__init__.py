"""The Methods page."""

from pages.parts.methods import textbook
from pages.parts.methods.tips import tip_list

__all__ = ["textbook", "tip_list"]
