"""The sample picker: order, class, look-alikes, index, neighbours and a gallery; the choice is kept in the link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st

from kd_core.results import StoredLogits, soften
from pages.parts.app import link, sample_index, view_temperature
from pages.parts.charts import Tile, image_gallery, thumbnail
from pages.parts.samples.sample_order import (
    ORDERS,
    Indices,
    Order,
    best_look_alikes,
    leading,
    neighbour,
    ordered,
    position,
)
from pages.parts.text import escape_markdown, t, temperature_text

TILES = 12
ANY = -1


@dataclass(frozen=True)
class _Wish:
    """What the reader wants to see: an order, a class or any, and for look-alikes what they resemble."""

    order: Order
    of_class: int | None
    like: int | None


def pick_sample(stored: StoredLogits) -> int:
    """Draw the picker and return the index of the chosen test image."""
    wish = _wish(stored)
    temperature = view_temperature()
    indices = ordered(
        wish.order, stored.logits, stored.labels, of_class=wish.of_class, like=wish.like, temperature=temperature
    )
    asked = sample_index(len(stored.labels))
    first_visit = wish == _Wish("ambiguous", None, None)
    sample = asked if asked is not None else _first(stored, indices, right_only=first_visit)
    if asked is None and not first_visit:
        link.put(sample=sample)  # the order is not part of a link, so the image must be
    _neighbours(indices, sample, len(stored.labels))
    if len(indices) and stored.has_images:
        _gallery(stored, wish, indices, sample)
    elif not len(indices):
        st.info(t(f"soft_labels.none_{wish.order}" if wish.order == "disagreements" else "soft_labels.none"))
    if stored.has_images:
        _look_alikes(stored, int(stored.labels[sample]) if wish.of_class is None else wish.of_class, temperature)
    return sample


def _wish(stored: StoredLogits) -> _Wish:
    def reset() -> None:
        link.put(sample=None)

    order = st.selectbox(
        t("soft_labels.order"),
        ORDERS if len(stored.logits) > 1 else [order for order in ORDERS if order != "disagreements"],
        format_func=lambda name: t(f"soft_labels.order_{name}"),
        key="sample_order",
        persist_state="session",
        on_change=reset,
    )
    classes = range(len(stored.classes))
    left, right = st.columns(2) if order == "lookalikes" else (st.container(), None)
    with left:
        of_class = st.selectbox(
            t("soft_labels.class"),
            [ANY, *classes],
            format_func=lambda index: t("soft_labels.any_class") if index == ANY else stored.classes[index],
            key="sample_class",
            on_change=reset,
        )
    like = None
    if right is not None:
        with right:
            like = st.selectbox(
                t("soft_labels.like"),
                [index for index in classes if index != of_class],
                format_func=stored.classes.__getitem__,
                key="sample_like",
                on_change=reset,
            )
    return _Wish(order, None if of_class == ANY else of_class, like)


def _first(stored: StoredLogits, indices: Indices, right_only: bool) -> int:
    """Return the first image of an order; with ``right_only`` the first in doubt about which the teacher is right."""
    answers = stored.logits[leading(stored.logits)].argmax(-1)
    right = indices[answers[indices] == stored.labels[indices]] if right_only else indices
    wanted = right if len(right) else indices
    return int(wanted[0]) if len(wanted) else 0


def _neighbours(indices: Indices, sample: int, count: int) -> None:
    place = position(indices, sample)
    st.session_state["sample_index"] = sample
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _step("previous", neighbour(indices, sample, -1), disabled=place in (None, 0))
        st.number_input(
            t("soft_labels.index", last=count - 1),
            min_value=0,
            max_value=count - 1,
            step=1,
            key="sample_index",
            on_change=lambda: link.put(sample=st.session_state["sample_index"]),
        )
        _step("next", neighbour(indices, sample, 1), disabled=not len(indices) or place == len(indices) - 1)
    if len(indices):
        words = "soft_labels.place" if place is not None else "soft_labels.place_outside"
        st.caption(t(words, place=(place or 0) + 1, count=len(indices)))


def _step(name: str, target: int, disabled: bool) -> None:
    st.button(
        t(f"soft_labels.{name}"),
        key=f"sample_{name}",
        on_click=link.put,
        kwargs={"sample": target},
        disabled=disabled,
        help=t(f"soft_labels.{name}_help"),
    )


def _gallery(stored: StoredLogits, wish: _Wish, indices: Indices, sample: int) -> None:
    start = (position(indices, sample) or 0) // TILES * TILES
    image_gallery(
        key="sample_gallery",
        label=t("soft_labels.gallery"),
        tiles=[_tile(stored, wish, int(index)) for index in indices[start : start + TILES]],
        chosen=sample,
        on_choose=lambda index: link.put(sample=index),
    )


def _tile(stored: StoredLogits, wish: _Wish, index: int) -> Tile:
    arm = leading(stored.logits)
    logits = stored.logits[arm][index]
    caption = class_name(stored, int(stored.labels[index]))
    facts = {
        "index": index,
        "label": caption,
        "arm": t(f"soft_labels.arm_{arm}"),
        "answer": stored.classes[int(logits.argmax())],
    }
    if wish.like is not None:
        caption = f"{caption} · {soften(logits, view_temperature())[wish.like]:.2f}"
    return Tile(
        index,
        _thumbnail(stored.images[index].tobytes(), stored.images.shape[1:]),
        caption,
        t("soft_labels.tile", **facts),
    )


def _look_alikes(stored: StoredLogits, label: int, temperature: float) -> None:
    """Offer for every other class the image of this one that looks most like it; a press shows all of the pair."""
    best = best_look_alikes(stored.logits[leading(stored.logits)], stored.labels, label, temperature)
    if label < 0 or not best:
        return
    name = stored.classes[label]
    arm = t(f"soft_labels.arm_{leading(stored.logits)}")
    st.caption(t("look_alikes.of", label=escape_markdown(name), arm=arm, T=temperature_text(temperature)))

    def chosen(like: int) -> None:
        for widget, value in {"sample_order": "lookalikes", "sample_class": label, "sample_like": like}.items():
            st.session_state[widget] = value
        link.put(sample=best[like][0])

    tiles = []
    for like, (index, p) in list(best.items())[:TILES]:
        other = stored.classes[like]
        words = t("look_alikes.pair", label=name, like=other, p=f"{p:.2f}", index=index)
        picture = _thumbnail(stored.images[index].tobytes(), stored.images.shape[1:])
        tiles.append(Tile(like, picture, f"{other} · {p:.2f}", words))
    image_gallery(
        key="look_alikes", label=t("look_alikes.title"), tiles=tiles, chosen=None, on_choose=chosen, kind="look-alike-"
    )


def class_name(stored: StoredLogits, label: int) -> str:
    """Return the name of a label; an image without one says so."""
    return stored.classes[label] if label >= 0 else t("soft_labels.no_label")


@lru_cache(maxsize=512)
def _thumbnail(pixels: bytes, shape: tuple[int, ...]) -> str:
    return thumbnail(np.frombuffer(pixels, dtype=np.uint8).reshape(shape))
