"""What is special to one protocol, below a race: one file a protocol."""

from pages.parts.protocol_panels.base import Panel, heading, newest, panel_curve, seeds_text
from pages.parts.protocol_panels.view import alone_was_given, protocol_headline, protocol_view

__all__ = [
    "Panel",
    "alone_was_given",
    "heading",
    "newest",
    "panel_curve",
    "protocol_headline",
    "protocol_view",
    "seeds_text",
]
