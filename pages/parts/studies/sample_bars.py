"""What the networks say about one image, as bars and as rows of a file."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import pandas as pd
import streamlit as st

from kd_core.results import StoredLogits, most_ambiguous, soften
from kd_core.results.inspection import image_over_epochs
from pages.parts.app import put_view, sample_index, store, view_axis, view_temperature
from pages.parts.charts import BAR_WORDS, BarsArm, BarsState, Film, Role, picture_url, read_state, softened_bars
from pages.parts.text import escape_markdown, t, texts_of

MOST_FILM: Final = 12_000
"""Logits of one network about one image over all epochs; with more the bars follow when the scrubber is let go."""


def digit(stored: StoredLogits, *, key: str, index: int | None = None, films: bool = False) -> None:
    """Show one test image with its hard label beside each network's soft label.

    Args:
        stored: what there is to look at.
        key: of the bars.
        index: of the image; by default the one in the link, else the teacher's most ambiguous.
        films: whether the bars follow the page's scrubber.
    """
    chosen = sample_shown(stored) if index is None else index
    label = int(stored.labels[chosen])
    name = escape_markdown(stored.classes[label])
    st.markdown(f"**{t('race.digit_title', name=name)}**")
    softened_bars(
        key=key,
        arms=sample_arms(stored, chosen, films=films),
        classes=stored.classes,
        words=texts_of("bars", BAR_WORDS),
        hard_label=label,
        picture=picture_url(stored.images[chosen]),
        picture_alt=t("race.digit_alt", name=name, index=chosen),
        temperature=view_temperature(),
        axis=view_axis(),
        on_change=lambda: put_view(read_state(st.session_state[key], BarsState(view_temperature(), view_axis()))),
    )


def sample_shown(stored: StoredLogits) -> int:
    """Return the image in the link, else the one about which the teacher is least sure and yet right."""
    asked = sample_index(len(stored.labels))
    if asked is not None:
        return asked
    first = stored.logits.get("teacher", next(iter(stored.logits.values())))
    order = most_ambiguous(first)
    right = order[first.argmax(-1)[order] == stored.labels[order]]
    return int(right[0] if len(right) else order[0])


def sample_arms(stored: StoredLogits, sample: int, *, films: bool = False) -> list[BarsArm]:
    """Return every network's answer about one image; one that broke down to NaN on it is left out.

    Args:
        stored: what there is to look at.
        sample: index of the image.
        films: whether the answers of all kept epochs come along, of networks that are finished.
    """
    return [
        BarsArm(
            cast(Role, arm), t(f"roles.{arm}"), logits[sample].tolist(), _film(stored, arm, sample) if films else None
        )
        for arm, logits in stored.logits.items()
        if np.isfinite(logits[sample]).all()
    ]


def _film(stored: StoredLogits, arm: str, sample: int) -> Film | None:
    run, epochs = stored.runs.get(arm), stored.epochs.get(arm, ())
    if run is None or run.status != "done" or run.reported_epoch not in epochs or len(epochs) < 2:
        return None
    if len(epochs) * len(stored.classes) > MOST_FILM:
        return None
    kept, logits = _over_epochs(run.id, epochs, sample)
    if run.reported_epoch not in kept:
        return None
    return Film([epoch + 1 for epoch in kept], logits, logits[kept.index(run.reported_epoch)])


@st.cache_data(max_entries=200, show_spinner=False)
def _over_epochs(run: str, epochs: tuple[int, ...], sample: int) -> tuple[list[int], list[list[float]]]:
    kept, logits = image_over_epochs(store(), run, epochs, sample)
    return kept, logits.tolist()


def sample_rows(stored: StoredLogits, sample: int, temperature: float) -> pd.DataFrame:
    """Return a row per class: name, hard label (0 or 1), and for every network its logit and probability.

    Column names are the same in every language, since other programs read them.
    """
    label = int(stored.labels[sample])
    columns: dict[str, object] = {
        "class": list(stored.classes),
        "hard_label": [int(k == label) for k in range(len(stored.classes))],
        "view_temperature": temperature,
    }
    for arm, logits in stored.logits.items():
        columns[f"{arm}_logit"] = logits[sample]
        columns[f"{arm}_probability"] = soften(logits[sample], temperature)
    return pd.DataFrame(columns)
