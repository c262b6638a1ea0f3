"""Axes of a sweep as a person chooses them: found among the settings' own declarations, with values to start from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pydantic.fields import FieldInfo

from kd_core.errors import InvalidSetting
from kd_core.settings import Axis, Range, Settings, at_path, field_extra, field_kind, limits_of, read_axis
from pages.parts.text import t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe

from pages.parts.text import AxisWords, axis_words

PARTS: Final = ("method", "student", "data", "optim", "teacher.student", "teacher.data", "teacher.optim")
"""The parts of a recipe whose numbers make sense as an axis."""
FIRST: Final = ("method.temperature", "method.teacher_weight")
"""What the page begins with, where the method has it, and the values that make it instructive."""


VALUES: Final = {
    "method.temperature": ("1, 2, 3, 4, 6, 8, 12, 20", "1..20 log"),
    "method.teacher_weight": ("0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1", "0..1"),
}


def axis_paths(recipe: Recipe) -> dict[str, AxisWords]:
    """Return the settings of a recipe that can be an axis: what the page begins with, then part by part."""
    paths = list(_paths(recipe))
    ordered = [path for path in FIRST if path in paths] + [path for path in paths if path not in FIRST]
    return {path: axis_words(recipe, path) for path in ordered}


def starting_text(recipe: Recipe, path: str, random: bool) -> str:
    """Return values worth trying: around what the recipe has, or a range for a random search."""
    if path in VALUES:
        return VALUES[path][random]
    part, _, name = path.rpartition(".")
    owner = at_path(recipe, part)
    if name == "width":
        now, info = max(owner.widths), None
    else:
        now, info = getattr(owner, name), type(owner).model_fields[name]
    whole = info is None or field_kind(info.annotation) == "int"
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
            axis = list(dict.fromkeys(axis.value_at(at / max(1, points - 1)) for at in range(points)))
    else:
        axis = [value for index, value in enumerate(axis) if value not in axis[:index]]
        if not axis:
            raise InvalidSetting(path=path, value=text, reason=t("sweep.no_values"))
    for value in (axis.low, axis.high) if isinstance(axis, Range) else axis:
        recipe.changed({path: value})
    return axis


def _paths(recipe: Recipe) -> Iterator[str]:
    for part in PARTS:
        owner: Settings = at_path(recipe, part)
        for name, info in type(owner).model_fields.items():
            if field_kind(info.annotation) in ("int", "float"):
                yield f"{part}.{name}"
            elif name == "widths":  # one number for all layers, as an MLP understands it beside its list
                yield f"{part}.width"


def _around(now: float | None, info: FieldInfo | None, whole: bool) -> list[float]:
    """Return rising values around the one in use; the setting itself refuses those that go too far."""
    share = info is not None and limits_of(info)[:2] == (0, 1) and field_extra(info).get("scale") != "log"
    if now is None:
        values = (
            [100.0, 200.0, 500.0, 1000.0]
            if info and field_extra(info).get("unit") == "images"
            else [0.5, 1.0, 2.0, 5.0]
        )
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
