"""A gallery of small pictures of which one can be chosen by mouse, finger or keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from pages.parts.charts.components import script, style

_component = st.components.v2.component("kd_gallery", css=style("gallery/gallery"), js=script("gallery/component"))


@dataclass(frozen=True)
class Tile:
    """One small picture: its index, a PNG data URL, a word beneath it and a spoken sentence."""

    index: int
    picture: str
    caption: str
    description: str


def image_gallery(
    *,
    key: str,
    label: str,
    tiles: Sequence[Tile],
    chosen: int | None,
    on_choose: Callable[[int], None],
    kind: str = "",
) -> None:
    """Show tiles in rows; a click calls ``on_choose`` with the tile's index, then reruns.

    Args:
        key: Streamlit key.
        label: what the tiles are, spoken.
        tiles: in the order shown.
        chosen: index of the one that is looked at.
        on_choose: called before the rerun.
        kind: of tiles, where a page has several galleries; the tile with index 3 is found as ``tile-<kind>3``.
    """
    known = {tile.index for tile in tiles}

    def heard() -> None:
        index = read_choice(st.session_state[key], known)
        if index is not None:
            on_choose(index)

    data = {"label": label, "tiles": [asdict(tile) for tile in tiles], "chosen": chosen, "kind": kind}
    _component(key=key, data=data, on_chosen_change=heard)


def read_choice(raw: Any, known: set[int]) -> int | None:
    """Return the index that the browser sent, or None for anything that no tile can have sent."""
    sent = raw.get("chosen")
    return sent if isinstance(sent, int) and not isinstance(sent, bool) and sent in known else None
