"""Bars of softened probabilities that follow the view temperature while the hand still drags."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import streamlit as st

from pages.parts.charts.components import script, style
from pages.parts.charts.roles import ROLES, Role

Axis = Literal["linear", "log"]

LOWEST_TEMPERATURE: Final = 0.5
HIGHEST_TEMPERATURE: Final = 100.0
_ROUND_TEMPERATURES: Final = (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 100)
"""The slider meets these exactly, so that the arrow keys do not pass 1 or 4 by a hair."""
_TEMPERATURE_TICKS: Final = (0.5, 1, 2, 5, 10, 20, 50, 100)

BAR_WORDS: Final = (
    "temperature",  # label of slider and number box
    "infinite",  # spoken instead of the sign
    "refused",  # {low} {high}, said when the typed temperature is none
    "axis",  # name of the linear/log switch
    "linear",
    "log",
    "hard_label",
    "class",
    "probability",
    "entropy",  # column head, with unit
    "divergence",  # column head, with unit
    "table",  # opens the probabilities as a table
    "summary",  # {temperature}
    "summary_arm",  # {name} {first} {p} {second} {q}
    "csv",  # button
    "png",  # button
    "svg",  # button
    "all",  # {n}, button: bars of all classes
    "few",  # {n}, button: bars of the most probable classes
    "rest",  # {n} {all} {name} {p}, where only some classes have bars
)
"""Keys of the texts that `softened_bars` shows, looked up as `bars.<key>` in the catalogue."""

_component = st.components.v2.component("kd_bars", css=style("bars/bars"), js=script("bars/component"))


@dataclass(frozen=True)
class Film:
    """What one network said about one picture after every kept epoch: the bars follow the page's scrubber with it.

    Args:
        epochs: from 1, in order.
        logits: after each of them, one per class, all finite.
        result: those that are reported.
    """

    epochs: Sequence[int]
    logits: Sequence[Sequence[float]]
    result: Sequence[float]

    def as_data(self) -> dict[str, Any]:
        """Return it as the browser gets it."""
        return {
            "epochs": list(self.epochs),
            "logits": [_rounded(row) for row in self.logits],
            "result": _rounded(self.result),
        }


@dataclass(frozen=True)
class BarsArm:
    """One network's answer about one picture: its logits, one per class, and where kept those of every epoch."""

    role: Role
    name: str
    logits: Sequence[float]
    film: Film | None = None


@dataclass(frozen=True)
class BarsState:
    """What the person has chosen: the view temperature (may be infinite) and the axis."""

    temperature: float
    axis: Axis


def softened_bars(
    *,
    key: str,
    arms: Sequence[BarsArm],
    classes: Sequence[str],
    words: Mapping[str, str],
    hard_label: int | None = None,
    picture: str | None = None,
    picture_alt: str = "",
    temperature: float = 1.0,
    axis: Axis = "linear",
    controls: bool = True,
    on_change: Callable[[], None] | None = None,
) -> BarsState:
    """Bars of softmax(logits / T) per class, one per arm, with entropy and KL(teacher || arm) in nats beneath.

    Softening happens in the browser; Python hears of it when the hand lets go, and only with `on_change`.

    Args:
        key: Streamlit key; the chart keeps its identity with it, and downloads are called after it.
        arms: networks to compare; the first with role `teacher` is the reference of the divergence.
        classes: class names, in the order shown.
        words: a text for each of `BAR_WORDS`.
        hard_label: index of the labelled class, drawn as a one-hot outline.
        picture: PNG data URL, shown beside the bars; ``picture_alt`` is its text alternative.
        temperature: at first; a later change of it moves the slider, except under the hand; so does ``axis``.
        controls: False leaves out slider, number box and switch.
        on_change: called before the rerun that a release brings; None: no reruns at all.

    Raises:
        ValueError: when arms, classes, picture or temperature do not fit together.
    """
    data = bars_data(arms, classes, hard_label, picture, temperature) | {
        "words": {word: words[word] for word in BAR_WORDS},
        "picture_alt": picture_alt,
        "axis": axis,
        "controls": controls,
    }
    data |= {"report": on_change is not None, "file": key}
    if on_change is None:
        _component(key=key, data=data)
        return BarsState(temperature, axis)
    result = _component(
        key=key,
        data=data,
        default={"temperature": data["temperature"], "axis": axis},
        on_temperature_change=on_change,
        on_axis_change=on_change,
    )
    return read_state(result, BarsState(temperature, axis))


def bars_data(
    arms: Sequence[BarsArm], classes: Sequence[str], hard_label: int | None, picture: str | None, temperature: float
) -> dict[str, Any]:
    """What the browser needs to draw, checked; logits rounded to six digits."""
    for arm in arms:
        if len(arm.logits) != len(classes):
            raise ValueError(f"'{arm.name}' has {len(arm.logits)} logits for {len(classes)} classes.")
        if not all(math.isfinite(value) for value in arm.logits):
            raise ValueError(f"'{arm.name}' has a logit that is not a finite number.")
    if hard_label is not None and not 0 <= hard_label < len(classes):
        raise ValueError(f"The hard label {hard_label} is none of {len(classes)} classes.")
    if picture is not None and not picture.startswith("data:image/png;base64,"):
        raise ValueError("The picture must be a PNG data URL.")
    if not is_view_temperature(temperature):
        raise ValueError(f"A view temperature is {LOWEST_TEMPERATURE} to {HIGHEST_TEMPERATURE} or inf: {temperature}.")
    return {
        "arms": [
            {
                "role": arm.role,
                "name": arm.name,
                "style": ROLES[arm.role].as_data(),
                "logits": _rounded(arm.logits),
                "film": arm.film and arm.film.as_data(),
            }
            for arm in arms
        ],
        "classes": [str(name) for name in classes],
        "hard_label": hard_label,
        "picture": picture,
        # JSON has no infinity.
        "temperature": "inf" if math.isinf(temperature) else float(temperature),
        "temperature_range": temperature_range(),
    }


def _rounded(logits: Sequence[float]) -> list[float]:
    return [float(f"{value:.6g}") for value in logits]


def temperature_range() -> dict[str, Any]:
    """What the slider of the view temperature spans, apart from infinity; the browser knows of no other range."""
    return {
        "low": LOWEST_TEMPERATURE,
        "high": HIGHEST_TEMPERATURE,
        "round_values": [value for value in _ROUND_TEMPERATURES if is_view_temperature(value)],
        "ticks": [value for value in _TEMPERATURE_TICKS if is_view_temperature(value)],
    }


def is_view_temperature(value: float) -> bool:
    """Whether the slider has a place for it: within its range, or at infinity."""
    return value == math.inf or LOWEST_TEMPERATURE <= value <= HIGHEST_TEMPERATURE


def read_state(raw: Mapping[str, Any], fallback: BarsState) -> BarsState:
    """What the browser sent, with the fallback in place of anything that the component cannot have sent."""
    sent, axis = raw.get("temperature"), raw.get("axis")
    temperature = math.inf if sent == "inf" else sent
    if not isinstance(temperature, int | float) or not is_view_temperature(temperature):
        temperature = fallback.temperature
    return BarsState(float(temperature), axis if axis in ("linear", "log") else fallback.axis)
