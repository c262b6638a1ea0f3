"""The Inspect page."""

from pages.parts.inspect.choice import choose_pair, networks_of
from pages.parts.inspect.view import draw_again_when_warm, inspect_view

__all__ = ["choose_pair", "draw_again_when_warm", "inspect_view", "networks_of"]
