"""What of two networks goes to the browser: all epochs of few images, of many the epoch that is asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
import streamlit as st

from kd_core.results.inspection import answers_of, confusion, last_features
from pages.parts.app import engine_is_warm, store
from pages.parts.charts import png_url, sheet, thumbnail
from pages.parts.inspect.networks import Network, Pair, network_name
from pages.parts.inspect.packing import Window, packed_frame, packed_places, window_of
from pages.parts.text import share_text, t

BYTES_AN_IMAGE: Final = 10
MOST_BYTES: Final = 2_000_000
"""Of all epochs together; more is sent epoch by epoch."""
MOST_PIXEL_BYTES: Final = 600_000
"""Of all images together; more is sent picture by picture."""
MOST_CLASSES: Final = 20
MOST_PICTURES: Final = 24
SHEET_COLUMNS: Final = 40
BLANK: Final = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
"""A picture without anything, for rows that came without images."""


def travels_whole(pair: Pair) -> bool:
    """Tell whether the answers of all kept epochs go to the browser at once."""
    frames = len(pair.a.epochs) + len(pair.b.epochs)
    return frames * len(pair.labels) * BYTES_AN_IMAGE <= MOST_BYTES


def frames(pair: Pair, asked: Sequence[int | None]) -> list[dict[str, str]]:
    """Return packed answers by side and kept epoch.

    Args:
        pair: the two networks.
        asked: the epochs in sight, None for the reported one; all of few images come along.
    """
    whole = travels_whole(pair)
    in_sight = [{network.nearest(epoch) for epoch in (None, *asked)} for network in pair.both]
    wanted = [network.epochs if whole else tuple(sorted(few)) for network, few in zip(pair.both, in_sight, strict=True)]
    return [
        _frames(network.identity, epochs, pair.size, network) for network, epochs in zip(pair.both, wanted, strict=True)
    ]


def steps(pair: Pair) -> list[dict[str, Any]]:
    """Return the places of the scrubber: every kept epoch, and the result; what each side then shows."""
    kept = pair.epochs if len(pair.epochs) > 1 else []
    return [
        {
            "name": t("soft_labels.epoch_end") if epoch is None else str(epoch + 1),
            "epoch": None if epoch is None else epoch + 1,
            "kept": [network.nearest(epoch) for network in pair.both],
        }
        for epoch in [*kept, None]
    ]


def sources(pair: Pair) -> list[dict[str, Any]]:
    """Return from what the map of images can be drawn: logits, and last features where they can be had."""
    found = []
    for side, network in enumerate(pair.both):
        name = network_name(network, pair.same_arm)
        window = _window(network.identity, pair.size, network)
        note = t("inspect.logits_note", name=name, share=share_text(sum(window.plane.shares)))
        label = t("inspect.logits_source", name=name)
        found.append({"name": label, "side": side, "places": None, "note": note})
    for side, network in enumerate(pair.both):
        if network.side is None or not engine_is_warm():
            continue
        if (features := _features(network.identity, network)) is not None:
            name = network_name(network, pair.same_arm)
            note = t("inspect.features_note", name=name, share=share_text(features[1]))
            label = t("inspect.features_source", name=name)
            found.append({"name": label, "side": side, "places": features[0], "note": note})
    return found


def drawn_classes(pair: Pair) -> list[int]:
    """Return the classes that have room in charts by class: all of few, of many those with most errors."""
    count = pair.size[1]
    if count <= MOST_CLASSES:
        return list(range(count))
    tables = [confusion(answers_of(network.said(None, pair.size)), pair.labels, count) for network in pair.both]
    errors = sum(table.sum(0) + table.sum(1) - 2 * table.diagonal() for table in tables)
    return sorted(int(index) for index in np.argsort(-np.asarray(errors), kind="stable")[:MOST_CLASSES])


def pictures(pair: Pair, asked: Collection[int]) -> dict[str, Any]:
    """Return one picture of all images where they are few and small, else those that are asked for."""
    images = pair.stored.images
    if not pair.stored.has_images:
        return {"sheet": {"url": BLANK, "columns": 1, "width": 1, "height": 1}, "single": {}}
    if images.size <= MOST_PIXEL_BYTES:
        tile = max(images.shape[-2:])
        shared = {"columns": SHEET_COLUMNS, "width": tile, "height": tile}
        return {"sheet": {"url": _sheet(str(pair.stored.facts), len(images), pair), **shared}, "single": {}}
    wanted = [index for index in asked if 0 <= index < len(images)][:MOST_PICTURES]
    return {"sheet": None, "single": {str(index): thumbnail(images[index]) for index in wanted}}


@st.cache_resource(max_entries=24, show_spinner=False)
def _frames(identity: str, epochs: tuple[int, ...], size: tuple[int, int], _network: Network) -> dict[str, str]:
    """Pack once for everybody; nobody changes what comes back."""
    window = _window(identity, size, _network)
    return {str(epoch): packed_frame(_network.said(epoch, size), window) for epoch in epochs}


@st.cache_resource(max_entries=32, show_spinner=False)
def _window(identity: str, size: tuple[int, int], _network: Network) -> Window:
    return window_of(_network.said(None, size))


@st.cache_data(max_entries=16, show_spinner=False)
def _features(identity: str, _network: Network) -> tuple[str, float] | None:
    """Return where the last features lie, and the share of their variance on that plane."""
    values = None if _network.side is None else last_features(store(), _network.side)
    if values is None:
        return None
    window = window_of(values)
    return packed_places(values, window), sum(window.plane.shares)


@st.cache_data(max_entries=8, show_spinner=False)
def _sheet(facts: str, count: int, _pair: Pair) -> str:
    images = _pair.stored.images
    return png_url(sheet(images, columns=SHEET_COLUMNS, gap=0, tile=max(images.shape[-2:])))
