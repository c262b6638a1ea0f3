"""The first three seconds: a real digit, what its networks say, and a recorded race; no training, no torch."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.arm_table import arm_table
from pages.parts.bars import BAR_WORDS, BarsArm, BarsState, read_state, softened_bars
from pages.parts.curve import CURVE_WORDS, live_curve
from pages.parts.literal import literal
from pages.parts.material import Material, most_ambiguous, recorded, recorded_race
from pages.parts.race_curves import mean_lines, zoomed_range
from pages.parts.texts import t, words
from pages.parts.verdict_text import sampling_text, verdict_text
from pages.parts.viewing import put_view, sample_index, view_axis, view_temperature


@st.fragment(key="first_look")
def first_look() -> None:
    """Show the recorded race and one of its digits."""
    race = recorded_race()
    told = race["race"]
    st.markdown(f"**{verdict_text(told['verdict'])}**")
    badge = t("provenance.recorded", seed=f"0-{told['seeds'] - 1}", **_made(race["provenance"]))
    st.caption(f"{badge} · {t('race.first_setting')}")
    left, right = st.columns(2)
    with left:
        digit(recorded(), key="view_temperature")
    with right:
        names = {arm: t(f"roles.{arm}") for arm in race["curves"]}
        lines = [line for arm, curves in race["curves"].items() for line in mean_lines(curves, [], arm, names[arm])]
        low, high = zoomed_range(lines, alive=False)
        live_curve(
            key="recorded_race",
            series=lines,
            words=words("curve", CURVE_WORDS),
            x_title=t("race.epoch"),
            y_title=t("race.accuracy_axis"),
            x_range=(0, max(line.x[-1] for line in lines)),
            y_range=(low, high),
            title=t("race.accuracy"),
            subtitle=t("race.band", n=told["seeds"], low=f"{100 * low:.0f}"),
            percent=True,
            replay_seconds=2.0,
        )
    arm_table(told["arms"], key="recorded_table")
    if told["test_set_ci95_pp"]:
        st.caption(sampling_text(told["test_set_ci95_pp"], told["test_images"]))


def digit(material: Material, *, key: str, index: int | None = None) -> None:
    """Show one test image with its hard label beside each network's soft label.

    Args:
        material: what there is to look at.
        key: of the bars.
        index: of the image; by default the one in the link, else the teacher's most ambiguous.
    """
    chosen = sample_shown(material) if index is None else index
    label = int(material.labels[chosen])
    name = literal(material.classes[label])
    st.markdown(f"**{t('race.digit_title', name=name)}**")
    softened_bars(
        key=key,
        arms=[BarsArm(arm, t(f"roles.{arm}"), values[chosen].tolist()) for arm, values in material.logits.items()],  # type: ignore[arg-type]
        classes=material.classes,
        words=words("bars", BAR_WORDS),
        hard_label=label,
        picture=material.picture(chosen),
        picture_alt=t("race.digit_alt", name=name, index=chosen),
        temperature=view_temperature(),
        axis=view_axis(),
        on_change=lambda: put_view(read_state(st.session_state[key], BarsState(view_temperature(), view_axis()))),
    )


def sample_shown(material: Material) -> int:
    """Return the image in the link, else the one about which the teacher is least sure and yet right."""
    asked = sample_index(len(material.labels))
    if asked is not None:
        return asked
    first = material.logits.get("teacher", next(iter(material.logits.values())))
    order = most_ambiguous(first)
    right = order[first.argmax(-1)[order] == material.labels[order]]
    return int(right[0] if len(right) else order[0])


def _made(provenance: dict[str, Any]) -> dict[str, str]:
    return {"date": provenance["date"], "machine": provenance["machine"]}
