"""What the networks say about one image, as bars and as rows of a file."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd
import streamlit as st

from kd_core.results import StoredLogits, most_ambiguous, soften
from pages.parts.app import put_view, sample_index, view_axis, view_temperature
from pages.parts.charts import BAR_WORDS, BarsArm, BarsState, Role, picture_url, read_state, softened_bars
from pages.parts.text import escape_markdown, t, texts_of


def digit(stored: StoredLogits, *, key: str, index: int | None = None) -> None:
    """Show one test image with its hard label beside each network's soft label.

    Args:
        stored: what there is to look at.
        key: of the bars.
        index: of the image; by default the one in the link, else the teacher's most ambiguous.
    """
    chosen = sample_shown(stored) if index is None else index
    label = int(stored.labels[chosen])
    name = escape_markdown(stored.classes[label])
    st.markdown(f"**{t('race.digit_title', name=name)}**")
    softened_bars(
        key=key,
        arms=[BarsArm(arm, t(f"roles.{arm}"), values[chosen].tolist()) for arm, values in stored.logits.items()],  # type: ignore[arg-type]
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


def sample_arms(stored: StoredLogits, sample: int) -> list[BarsArm]:
    """Return every network's answer about one image; one that broke down to NaN on it is left out."""
    return [
        BarsArm(cast(Role, arm), t(f"roles.{arm}"), logits[sample].tolist())
        for arm, logits in stored.logits.items()
        if np.isfinite(logits[sample]).all()
    ]


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
