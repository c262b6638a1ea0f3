"""The Inspect page."""

from pages.parts.inspect.choice import choose_pair, networks_of
from pages.parts.inspect.view import inspect_view

__all__ = ["choose_pair", "inspect_view", "networks_of"]
