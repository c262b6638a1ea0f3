"""The first three seconds: a real digit, what its networks say, and a recorded race; no training, no torch."""

from __future__ import annotations

import streamlit as st

from pages.parts.charts import CURVE_WORDS, ROLE_OF, live_curve, mean_with_band, zoomed_range
from pages.parts.race.arm_table import arm_table
from pages.parts.recorded import recorded_logits, recorded_numbers, recorded_race
from pages.parts.studies import digit
from pages.parts.text import sampling_text, t, texts_of, verdict_text


@st.fragment(key="first_look")
def show_first_look() -> None:
    """Show the recorded race and one of its digits."""
    race, numbers = recorded_race(), recorded_numbers()
    if numbers.verdict is not None:
        st.markdown(f"**{verdict_text(numbers.verdict)}**")
    made = {name: race["provenance"][name] for name in ("date", "machine")}
    badge = t("provenance.recorded", seed=f"0-{numbers.seeds - 1}", **made)
    st.caption(f"{badge} · {t('race.first_setting')}")
    left, right = st.columns(2)
    with left:
        digit(recorded_logits(), key="view_temperature")
    with right:
        names = {arm: t(f"roles.{arm}") for arm in race["curves"]}
        curves = ((ROLE_OF[arm], names[arm], by_seed) for arm, by_seed in race["curves"].items())
        lines = [line for role, name, by_seed in curves for line in mean_with_band(by_seed, [], role, name)]
        low, high = zoomed_range(lines, alive=False)
        live_curve(
            key="recorded_race",
            series=lines,
            words=texts_of("curve", CURVE_WORDS),
            x_title=t("race.epoch"),
            y_title=t("race.accuracy_axis"),
            x_range=(0, max(line.x[-1] for line in lines)),
            y_range=(low, high),
            title=t("race.accuracy"),
            subtitle=t("race.band", n=numbers.seeds, low=f"{100 * low:.0f}"),
            percent=True,
            replay_seconds=2.0,
        )
    arm_table(numbers.arms, key="recorded_table")
    if numbers.test_set_ci95_pp and numbers.test_images:
        st.caption(sampling_text(numbers.test_set_ci95_pp, numbers.test_images))
