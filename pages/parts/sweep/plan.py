"""What a person is about to sweep — axes, grid or random search, seeds — as the link has it, and how large it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from kd_core.errors import KDError
from kd_core.settings import Axis, Range
from pages.parts.app import link
from pages.parts.form import state
from pages.parts.studies import Work, work_of
from pages.parts.sweep.axes import FIRST, read_values, starting_text
from pages.parts.text import error_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe, Study

MOST_MEMBERS: Final = 4000
MOST_POINTS: Final = 50
NONE: Final = "none"
DEFAULT_CELLS, DEFAULT_POINTS, DEFAULT_SEEDS = 30, 8, 3


@dataclass(frozen=True)
class Typed:
    """One axis as the link has it: a path and the text of its values; ``path`` is "" for no axis."""

    path: str
    text: str


@dataclass(frozen=True)
class Plan:
    """A sweep that may be started.

    Args:
        recipe: the distilled student's, which the cells change.
        typed: the axes by "x" and "y".
        axes: what could be read of them, by path.
        refused: by "x" and "y", why the text cannot be used.
        random: how many cells to draw, or None for the whole grid.
    """

    recipe: Recipe
    typed: Mapping[str, Typed]
    seeds: int
    random: int | None
    points: int
    axes: Mapping[str, Axis] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        """Return how many cells there will be."""
        return self.random or math.prod(1 if isinstance(axis, Range) else len(axis) for axis in self.axes.values())

    @property
    def too_large(self) -> bool:
        """Tell whether it has more members than one study should."""
        return 3 * self.cells * self.seeds > MOST_MEMBERS

    def study(self) -> Study:
        """Return the study.

        Raises:
            KDError: settings that do not fit each other, or fewer different cells than asked for.
        """
        from kd_core.recipe import Study

        return Study.sweep(self.recipe, self.axes, self.seeds, state.preset_name(), self.random)

    def work(self) -> Work:
        """Return how much work it is."""
        axes = {path: vars(axis) if isinstance(axis, Range) else list(axis) for path, axis in self.axes.items()}
        asked = ["sweep", self.recipe.to_json(), axes, self.seeds, self.random, state.preset_name()]
        return work_of(asked, self.study)


def current_plan(paths: Mapping[str, Any]) -> Plan:
    """Return what the link asks for, with a sentence for whatever cannot be read.

    Args:
        paths: the settings that can be an axis.
    """
    recipe = state.current()
    random = _count("random", DEFAULT_CELLS, 2, MOST_MEMBERS // 3) if link.get("random") else None
    points = _count("points", DEFAULT_POINTS, 2, MOST_POINTS)
    typed = {"x": _typed("x", recipe, paths, random is not None)}
    rest = {path: words for path, words in paths.items() if path != typed["x"].path}
    typed["y"] = _typed("y", recipe, rest, random is not None)
    axes, refused = dict[str, Axis](), dict[str, str]()
    for name, axis in typed.items():
        if axis.path:
            try:
                axes[axis.path] = read_values(recipe, axis.path, axis.text, None if random else points)
            except KDError as error:
                refused[name] = error_text(error)
    return Plan(recipe, typed, sweep_seeds(), random, points, axes, refused)


def sweep_seeds() -> int:
    """Return how many seeds of every cell: the link's, or few, since there are many cells."""
    return state.seeds() if link.get("seeds") else min(DEFAULT_SEEDS, state.seeds())


def put_axis(name: str, path: str, text: str | None = None) -> None:
    """Keep an axis in the link: its path, and its values where they are not those to start from."""
    link.put(**{name: path if text is None else f"{path}={text}"})


def put_way(random: bool) -> None:
    """Keep in the link whether cells are drawn; an axis begins anew with what suits it."""
    link.put(random=DEFAULT_CELLS if random else None)
    for name in ("x", "y"):
        link.put(**{name: link.get(name).partition("=")[0]})


def _typed(name: str, recipe: Recipe, paths: Mapping[str, Any], random: bool) -> Typed:
    first = FIRST[0] if name == "x" else FIRST[1]
    recommended = first if first in paths else next(iter(paths)) if name == "x" else NONE
    path, sign, text = link.get(name, recommended).partition("=")
    if path == NONE and name == "y":
        return Typed("", "")
    if path not in paths:
        link.refuse(name, t("sweep.no_axis", path=path[:60]))
        path, sign = recommended, ""
        if path == NONE:
            return Typed("", "")
    return Typed(path, text if sign else starting_text(recipe, path, random))


def _count(name: str, default: int, low: int, high: int) -> int:
    return int(link.number(name, default, low, high))
