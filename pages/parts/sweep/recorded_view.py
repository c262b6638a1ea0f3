"""The sweep that comes with the product, for a page on which none was trained yet; it needs no engine."""

from __future__ import annotations

from typing import Any

import streamlit as st

from kd_core.results import SweepResults, sweep_from_json
from pages.parts.app import put_view, view_axis, view_temperature
from pages.parts.charts import MAP_WORDS, BarsState, MapImage, colour_limit, gain_map_chart, read_state
from pages.parts.recorded import recorded_logits, recorded_sweep
from pages.parts.sweep import further_views, sentences as say
from pages.parts.sweep.map_cells import View, map_axes, map_cells
from pages.parts.sweep.view import image_bars
from pages.parts.text import AxisWords, declared_text, escape_markdown, t, texts_of

KEY = "recorded_sweep"


@st.fragment(key=KEY)
def show_recorded_sweep() -> None:
    """Show its finding, its map and its further views, badged as recorded."""
    facts = recorded_sweep()
    sweep, axes = sweep_from_json(facts), _axes(facts)
    dataset = declared_text(f"datasets.{facts['dataset']}.title", facts["dataset"])
    with st.container(key="recorded_sweep_finding"):
        st.markdown(f"**{escape_markdown(say.finding(sweep, axes, alive=False))}**")
    st.caption(escape_markdown(" · ".join([_badge(facts), *_setting(facts, sweep, dataset)])))
    _map(facts, sweep, axes, dataset)
    further_views.more(KEY, False, sweep, axes)


def _axes(facts: dict[str, Any]) -> say.Axes:
    axes = {}
    for path, words in facts["words"].items():
        name = path.rpartition(".")[2]
        title = declared_text(f"{words['section']}.{name}.title", words["title"])
        axes[path] = AxisWords(title, title, words["log"])
    return axes


def _badge(facts: dict[str, Any]) -> str:
    made = facts["provenance"]
    return t("provenance.recorded", seed=f"0-{made['seeds'] - 1}", date=made["date"], machine=made["machine"])


def _setting(facts: dict[str, Any], sweep: SweepResults, dataset: str) -> list[str]:
    images = t("sweep.images", n=f"{facts['test_images']:,}")
    return [t("sweep.measure"), t("race.on", dataset=dataset), images, t("study.seeds", n=sweep.seeds)]


def _map(facts: dict[str, Any], sweep: SweepResults, axes: say.Axes, dataset: str) -> None:
    right, upwards = sweep.axes
    view = View(right, upwards, {})
    answers = {index: cell["answers"] for index, cell in enumerate(facts["cells"])}
    x, y = map_axes(sweep, view, axes)
    finding = say.finding(sweep, axes, alive=False)
    title, subtitle = say.picture_titles(sweep.seeds, sweep, axes, dataset)
    gain_map_chart(
        key="recorded_sweep_map",
        x=x,
        y=y,
        cells=map_cells(sweep, view, axes, answers),
        limit=colour_limit([cell.gain for cell in sweep.cells if cell.gain is not None]),
        chosen=0 if sweep.best is None else sweep.best.index,
        words=texts_of("map", MAP_WORDS),
        alt=t("map.alt", x=x.title, y=y.title, n=len(sweep.cells), finding=finding),
        title=title,
        subtitle=subtitle,
        note=say.interval_setting(sweep),
        image=MapImage(image_bars(recorded_logits(), facts["image"]["index"]), facts["image"]["logits"]),
        on_change=_view_changed,
    )


def _view_changed() -> None:
    put_view(read_state(st.session_state["recorded_sweep_map"], BarsState(view_temperature(), view_axis())))
