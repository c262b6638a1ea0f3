"""What a setting is: declared once, checked, written as text and JSON, found by name."""

from kd_core.settings.base import Grown, Settings, extra, lane_fields, name_of, named, setting
from kd_core.settings.paths import at_path
from kd_core.settings.registry import Registry
from kd_core.settings.search_space import Axis, Range, drawn, grid, read_axis
from kd_core.settings.text import read_value, written_value

__all__ = [
    "Axis",
    "Grown",
    "Range",
    "Registry",
    "Settings",
    "at_path",
    "drawn",
    "extra",
    "grid",
    "lane_fields",
    "name_of",
    "named",
    "read_axis",
    "read_value",
    "setting",
    "written_value",
]
