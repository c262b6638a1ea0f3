"""A setting in words: its name on an axis, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kd_core.settings import Settings, at_path, field_extra, format_value
from pages.parts.text.i18n import declared_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe


SECTIONS: Final = {"method": "methods", "student": "networks", "source": "datasets"}


@dataclass(frozen=True)
class AxisWords:
    """How an axis is called, ``title`` without and ``full`` with its unit, and whether its steps are factors."""

    title: str
    full: str
    log: bool = False


def axis_words(recipe: Recipe, path: str) -> AxisWords:
    """Return how an axis is called in the reader's language; a path that is not declared is called by itself."""
    part, _, name = path.rpartition(".")
    try:
        owner = at_path(recipe, part) if part else recipe
    except AttributeError:
        return AxisWords(path, path)
    if name == "width" and "widths" in type(owner).model_fields:
        title, unit, log = t("sweep.width"), "units", True
    else:
        info = type(owner).model_fields.get(name)
        if info is None:
            return AxisWords(path, path)
        title = declared_text(f"{section_of(part, owner)}.{name}.title", info.title or name.replace("_", " "))
        unit, log = field_extra(info).get("unit", ""), field_extra(info).get("scale") == "log"
    if part.startswith("teacher."):
        title = f"{t('race.part.' + part.replace('.', '_'))}: {title}"
    return AxisWords(title, f"{title} ({declared_text(f'units.{unit}', unit)})" if unit else title, log)


def value_text(value: Any) -> str:
    """Return an axis's value as it stands beside the map."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return t("form.empty") if value is None else format_value(value)
    return f"{value:g}"


def section_of(part: str, owner: Settings) -> str:
    last = part.split(".")[-1]
    return f"{SECTIONS[last]}.{getattr(owner, 'name', '')}" if last in SECTIONS else last or "recipe"
