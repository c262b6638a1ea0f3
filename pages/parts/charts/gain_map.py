"""A map of a sweep's cells, coloured by gain; the cell under the hand shows its softened bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import streamlit as st

from pages.parts.charts.bars import BAR_WORDS, Axis, bars_data
from pages.parts.charts.components import script, style
from pages.parts.charts.roles import ROLES, Role

MAP_WORDS: Final = (
    "png",  # button
    "svg",  # button
    "open",  # button: open the cell's run
    "best",  # in the cell that validation has chosen
    "chosen",  # the same in the legend
    "gain",  # beside the colour scale, with unit
    "zero",  # beside the hatched swatch
    "silent",  # where a cell has no answers about the image yet
)
"""Keys of the texts that `gain_map` shows, looked up as `map.<key>` in the catalogue."""

_component = st.components.v2.component("kd_map", css=style("bars/bars") + style("map/map"), js=script("map/component"))


@dataclass(frozen=True)
class MapAxis:
    """One direction of the map.

    Args:
        title: what it is, with unit.
        labels: of the places from left to right or from below; on a scatter, of the ticks.
        shares: on a scatter, where the ticks are, 0..1.
    """

    title: str
    labels: Sequence[str]
    shares: Sequence[float] | None = None


@dataclass(frozen=True)
class MapCell:
    """One cell as it is drawn.

    Args:
        index: what a click reports.
        x: its place on the axis, or on a scatter its share 0..1; so is ``y``.
        name: its setting in words.
        lines: its numbers in words.
        gain: in percentage points, or None; ``value`` is what is written in the cell.
        zero: whether the interval contains 0.
        mark: a word for trouble.
        best: whether validation has chosen it.
        opens: whether there is a run to open.
        answers: by arm of the bars, the place of its logits in the map's list; None where it has none.
    """

    index: int
    x: float
    y: float
    name: str
    lines: Sequence[str]
    gain: float | None = None
    value: str = ""
    zero: bool = False
    mark: str = ""
    best: bool = False
    opens: bool = False
    answers: Sequence[int | None] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as the browser gets it, with one sentence for who cannot see it."""
        gain = None if self.gain is None else float(f"{self.gain:.4g}")
        return {
            **asdict(self),
            "gain": gain,
            "label": ". ".join([self.name, self.mark, *self.lines]).replace(". .", "."),
        }


@dataclass(frozen=True)
class MapImage:
    """The test image whose softened bars a cell shows.

    Args:
        bars: what the bars need beside the logits, from ``image_data``.
        logits: every answer once.
    """

    bars: Mapping[str, Any]
    logits: Sequence[Sequence[float]] = field(default_factory=tuple)


def gain_map_chart(
    *,
    key: str,
    x: MapAxis,
    y: MapAxis,
    cells: Sequence[MapCell],
    limit: float,
    chosen: int,
    words: Mapping[str, str],
    alt: str,
    title: str,
    subtitle: str,
    note: str = "",
    image: MapImage | None = None,
    on_change: Callable[[], None] | None = None,
) -> int | None:
    """Draw the map; return the index of a cell that was just opened, or None.

    Args:
        key: Streamlit key; focus and view temperature live as long as it is drawn.
        x: the axis to the right, ``y`` upwards; axes with shares make a scatter.
        cells: at least one.
        limit: the gain, in points, at which the colours end on both sides.
        chosen: whose bars are shown until a person points at another.
        words: a text for each of `MAP_WORDS`.
        alt: text alternative of the whole map.
        title: of the picture that is saved; ``subtitle`` is the setting.
        note: what stands under the map.
        image: what the bars are about; None leaves them out.
        on_change: called before the rerun that a released view temperature brings.
    """
    result = _component(
        key=key,
        data={
            **map_data(x, y, cells, limit, image),
            "chosen": chosen,
            "words": {word: words[word] for word in MAP_WORDS},
            "alt": alt,
            "title": title,
            "subtitle": subtitle,
            "note": note,
            "file": key,
        },
        on_opened_change=lambda: None,
        on_temperature_change=on_change or (lambda: None),
        on_axis_change=on_change or (lambda: None),
    )
    opened = result.get("opened")
    return opened if isinstance(opened, int) and any(cell.index == opened for cell in cells) else None


def map_data(x: MapAxis, y: MapAxis, cells: Sequence[MapCell], limit: float, image: MapImage | None) -> dict[str, Any]:
    """Return what the browser needs to draw; colours are symmetric around 0, out to the limit."""
    return {
        "x": asdict(x),
        "y": asdict(y),
        "scatter": x.shares is not None,
        "limit": limit,
        "cells": [cell.as_data() for cell in cells],
        "bars": None if image is None else image.bars,
        "logits": [] if image is None else [[float(f"{value:.5g}") for value in one] for one in image.logits],
    }


def image_data(
    roles: Sequence[tuple[Role, str]],
    classes: Sequence[str],
    words: Mapping[str, str],
    *,
    hard_label: int | None,
    picture: str,
    picture_alt: str,
    temperature: float,
    axis: Axis,
) -> dict[str, Any]:
    """Return what the bars need beside logits: who answers (role and name), about which image, and how it is viewed."""
    data = bars_data([], classes, hard_label, picture, temperature)
    arms = [{"role": role, "name": name, "style": ROLES[role].as_data()} for role, name in roles]
    shown = {"words": {word: words[word] for word in BAR_WORDS}, "picture_alt": picture_alt, "axis": axis}
    return {**data, **shown, "arms": arms, "controls": True, "report": True, "file": "sweep_bars"}


def colour_limit(gains: Sequence[float]) -> float:
    """Return the round number (1, 2 or 5 times a power of ten) at which both ends of the colours stand."""
    largest = max((abs(gain) for gain in gains), default=1.0)
    steps = [digit * 10.0**power for power in range(-2, 4) for digit in (1, 2, 5)]
    return next((step for step in steps if step >= largest - 1e-9), steps[-1])
