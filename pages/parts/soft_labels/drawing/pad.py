"""The pad as a browser component: what is drawn is prepared there, and networks that were sent answer every stroke."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from kd_core.drawings import Preparation
from kd_core.inference import PlainNetwork
from pages.parts.charts import BAR_WORDS, ROLES, BarsState, Role, bars_data, script, style
from pages.parts.text import t, texts_of

PAD_WORDS: Final = (
    "pad",  # what the sheet is, spoken
    "hint",  # on the empty sheet
    "colour",
    "undo",
    "clear",
    "start",  # button: go on from the test image that is looked at
    "prepared",  # what the small image is, spoken
    "how_framed",  # how a drawing is prepared that began as a test image
    "keys",  # how the keyboard draws
    "empty",  # instead of bars, before the first stroke
    "cell",  # {row} {column} {state}, spoken
    "filled",
    "free",
    "says",  # {name} {class} {p}
    "asking",  # {name}, while Python answers
)
"""Keys of the texts that the pad shows, looked up as `drawing.<key>` in the catalogue."""

_pad = st.components.v2.component("kd_pad", css=style("bars/bars") + style("pad/pad"), js=script("pad/component"))
_networks = st.components.v2.component("kd_networks", js=script("networks/component"))


@dataclass(frozen=True)
class AskedNetwork:
    """A network that says what it sees in a drawing.

    Args:
        role: its part in the race.
        name: on screen.
        id: unlike that of every other network.
        here: whether it was sent to the browser; else Python answers for it.
    """

    role: Role
    name: str
    id: str
    here: bool


@dataclass(frozen=True)
class Uploaded:
    """A picture that was prepared in Python: its id, and the image (C, H, W)."""

    id: str
    image: NDArray[np.uint8]


def send_networks(networks: Mapping[str, PlainNetwork]) -> None:
    """Send networks by id to the page; Streamlit sends what a browser has already only by its digest."""
    sent = {id: network.facts() | {"weights": _encoded(network.weights)} for id, network in networks.items()}
    _networks(key="drawing_networks", data={"networks": sent})


def drawing_pad(
    *,
    key: str,
    asked: Sequence[AskedNetwork],
    classes: Sequence[str],
    preparation: Preparation,
    how: str,
    sample: NDArray[np.uint8],
    view: BarsState,
    answer: Callable[[NDArray[np.uint8]], Mapping[str, Sequence[float]]],
    uploaded: Uploaded | None = None,
    on_change: Callable[[], None],
) -> None:
    """Draw the pad with the bars of what is asked beside it.

    Args:
        key: Streamlit key.
        asked: in the order of the bars.
        classes: K names.
        preparation: how a drawing becomes an image.
        how: the same in a sentence.
        sample: the image (C, H, W) that a drawing may begin with.
        view: view temperature and axis at first.
        answer: asked about an image (C, H, W) for the logits by role of those networks that are not in the browser.
        uploaded: a picture with which the drawing begins anew.
        on_change: called before the rerun when the view temperature or the axis was changed.
    """
    bars = _bars(key, classes, view)
    drawn = read_image(st.session_state.get(key, {}), preparation.shape)
    _pad(
        key=key,
        data={
            "asked": [vars(network) | {"style": ROLES[network.role].as_data()} for network in asked],
            "bars": bars,
            "preparation": preparation.to_json(),
            "words": texts_of("drawing", PAD_WORDS) | {"how": how},
            "sample": _encoded(sample),
            "uploaded": uploaded and {"id": uploaded.id, "image": _encoded(uploaded.image)},
            "answered": None if drawn is None else {"image": _encoded(drawn), "logits": dict(answer(drawn))},
        },
        default={"temperature": bars["temperature"], "axis": view.axis, "image": ""},
        on_temperature_change=on_change,
        on_axis_change=on_change,
        on_image_change=lambda: None,
    )


def _bars(key: str, classes: Sequence[str], view: BarsState) -> dict[str, Any]:
    """Return what the bars need beside the logits, which the browser has."""
    words = {"words": texts_of("bars", BAR_WORDS), "picture_alt": t("drawing.title")}
    choices = {"axis": view.axis, "controls": True, "report": True, "file": key}
    return bars_data([], classes, None, None, view.temperature) | words | choices


def read_image(raw: Mapping[str, Any], shape: tuple[int, int, int]) -> NDArray[np.uint8] | None:
    """Return the image (C, H, W) that the browser sent, or None for what no pad of this shape can have sent."""
    sent = raw.get("image")
    if not isinstance(sent, str) or not sent:
        return None
    try:
        content = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        return None
    return np.frombuffer(content, np.uint8).reshape(shape) if len(content) == math.prod(shape) else None


def _encoded(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
