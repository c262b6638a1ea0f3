"""What a setting is: declared once, checked, written as text and JSON, found by name."""

from kd_core.settings.base import (
    ExtensibleSettings,
    Settings,
    field_extra,
    lane_fields,
    name_of,
    setting,
)
from kd_core.settings.kinds import FieldKind, Limits, field_kind, limits_of
from kd_core.settings.paths import at_path, json_at_path, json_leaves, member_from_name
from kd_core.settings.registry import Registry
from kd_core.settings.search_space import Axis, Range, grid_cells, random_cells, read_axis
from kd_core.settings.text import format_value, parse_value

__all__ = [
    "Axis",
    "ExtensibleSettings",
    "FieldKind",
    "Limits",
    "Range",
    "Registry",
    "Settings",
    "at_path",
    "field_extra",
    "field_kind",
    "format_value",
    "grid_cells",
    "json_at_path",
    "json_leaves",
    "lane_fields",
    "limits_of",
    "member_from_name",
    "name_of",
    "parse_value",
    "random_cells",
    "read_axis",
    "setting",
]
