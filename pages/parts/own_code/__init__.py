"""Code of one's own: the present settings as one PyTorch file, and as JSON."""

from pages.parts.own_code.panel import code_panel

__all__ = ["code_panel"]
