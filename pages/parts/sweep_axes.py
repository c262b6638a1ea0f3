"""Axes of a sweep as a person chooses them: found among the settings' own declarations, with values to start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic.fields import FieldInfo

from kd_core.axes import Axis, Range, read_axis
from kd_core.errors import InvalidSetting
from kd_core.settings import Settings, extra, written_value
from pages.parts import form
from pages.parts.fields import limits
from pages.parts.texts import declared, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe

PARTS: Final = ("method", "student", "data", "optim", "teacher.student", "teacher.data", "teacher.optim")
"""The parts of a recipe whose numbers make sense as an axis."""
WORDS: Final = {"method": "methods", "student": "networks", "source": "datasets"}
FIRST: Final = ("method.temperature", "method.teacher_weight")
"""What the page begins with, where the method has it, and the values that make it instructive."""
VALUES: Final = {
    "method.temperature": ("1, 2, 3, 4, 6, 8, 12, 20", "1..20 log"),
    "method.teacher_weight": ("0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1", "0..1"),
}


@dataclass(frozen=True)
class AxisWords:
    """How an axis is called, ``title`` without and ``full`` with its unit, and whether its steps are factors."""

    title: str
    full: str
    log: bool = False


def axis_paths(recipe: Recipe) -> dict[str, AxisWords]:
    """Return the settings of a recipe that can be an axis: what the page begins with, then part by part."""
    known = list(_paths(recipe))
    ordered = [path for path in FIRST if path in known] + [path for path in known if path not in FIRST]
    return {path: axis_words(recipe, path) for path in ordered}


def axis_words(recipe: Recipe, path: str) -> AxisWords:
    """Return how an axis is called in the reader's language; a path that is not declared is called by itself."""
    part, _, name = path.rpartition(".")
    try:
        owner = form.at_path(recipe, part) if part else recipe
    except AttributeError:
        return AxisWords(path, path)
    if name == "width" and "widths" in type(owner).model_fields:
        title, unit, log = t("sweep.width"), "units", True
    else:
        info = type(owner).model_fields.get(name)
        if info is None:
            return AxisWords(path, path)
        title = declared(f"{_prefix(part, owner)}.{name}.title", info.title or name.replace("_", " "))
        unit, log = extra(info).get("unit", ""), extra(info).get("scale") == "log"
    if part.startswith("teacher."):
        title = f"{t('race.part.' + part.replace('.', '_'))}: {title}"
    return AxisWords(title, f"{title} ({declared(f'units.{unit}', unit)})" if unit else title, log)


def starting_text(recipe: Recipe, path: str, random: bool) -> str:
    """Return values worth trying: around what the recipe has, or a range for a random search."""
    known = VALUES.get(path)
    if known:
        return known[random]
    part, _, name = path.rpartition(".")
    owner = form.at_path(recipe, part)
    if name == "width":
        now, info = max(owner.widths), None
    else:
        now, info = getattr(owner, name), type(owner).model_fields[name]
    whole = info is None or form.field_kind(info.annotation) == "int"
    values = [value for value in _around(now, info, whole) if _allowed(recipe, path, value)]
    if random and len(values) > 1:
        return f"{values[0]:g}..{values[-1]:g}" + (" log" if values[0] > 0 and values[-1] > 10 * values[0] else "")
    return ", ".join(f"{value:g}" for value in values)


def read_values(recipe: Recipe, path: str, text: str, points: int | None) -> Axis:
    """Read what a person typed and check it against the setting's declaration.

    Args:
        recipe: whose setting it is.
        path: of the setting.
        text: "1, 2, 4" or "1..20 log".
        points: how many values of a range a grid takes; None leaves it a range, for a random search.

    Raises:
        InvalidSetting: nothing typed, no number, or a value that the setting refuses.
    """
    axis = read_axis(path, text.replace("，", ",").replace("、", ",").replace("…", ".."))
    if isinstance(axis, Range):
        if points is not None:
            axis = list(dict.fromkeys(axis.drawn(at / max(1, points - 1)) for at in range(points)))
    else:
        axis = [value for index, value in enumerate(axis) if value not in axis[:index]]
        if not axis:
            raise InvalidSetting(path=path, value=text, reason=t("sweep.no_values"))
    for value in (axis.low, axis.high) if isinstance(axis, Range) else axis:
        recipe.changed({path: value})
    return axis


def value_text(value: Any) -> str:
    """Return an axis's value as it stands beside the map."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return t("form.empty") if value is None else written_value(value)
    return f"{value:g}"


def _paths(recipe: Recipe) -> Iterator[str]:
    for part in PARTS:
        owner: Settings = form.at_path(recipe, part)
        for name, info in type(owner).model_fields.items():
            if form.field_kind(info.annotation) in ("int", "float"):
                yield f"{part}.{name}"
            elif name == "widths":  # one number for all layers, as an MLP understands it beside its list
                yield f"{part}.width"


def _prefix(part: str, owner: Settings) -> str:
    last = part.split(".")[-1]
    return f"{WORDS[last]}.{getattr(owner, 'name', '')}" if last in WORDS else last or "recipe"


def _around(now: float | None, info: FieldInfo | None, whole: bool) -> list[float]:
    """Return rising values around the one in use; the setting itself refuses those that go too far."""
    share = info is not None and limits(info) == (0, 1) and extra(info).get("scale") != "log"
    if now is None:
        values = [100.0, 200.0, 500.0, 1000.0] if info and extra(info).get("unit") == "images" else [0.5, 1.0, 2.0, 5.0]
    elif share:
        values = [0.0, 0.1, 0.2, 0.4, 0.8] if not now else [now / 4, now / 2, now, min(1.0, 2 * now)]
    elif not now:
        values = [0.0, 1e-5, 1e-4, 1e-3, 1e-2]
    else:
        values = [now * factor for factor in (0.25, 0.5, 1, 2, 4)]
    return sorted({float(round(value)) if whole else float(f"{value:.3g}") for value in values})


def _allowed(recipe: Recipe, path: str, value: float) -> bool:
    try:
        recipe.changed({path: value})
    except InvalidSetting:
        return False
    return True
