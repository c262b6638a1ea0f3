"""The view of one sweep: finding, map, lines and table; it reads the store twice a second while the sweep lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from kd_core.results import StoredLogits, SweepResults, ordered, sweep_results, wanted_scores
from kd_core.store import MemberProgress, StudyRow
from pages.parts.app import link, put_view, store, tell_left_out, view_axis, view_temperature
from pages.parts.charts import (
    BAR_WORDS,
    MAP_WORDS,
    BarsState,
    MapImage,
    Role,
    colour_limit,
    gain_map_chart,
    image_data,
    picture_url,
    read_state,
)
from pages.parts.studies import axes_of, live_fragment, sample_shown, show_progress
from pages.parts.sweep import further_views, sentences as say
from pages.parts.sweep.cell_logits import SEED, cell_answers, sweep_material
from pages.parts.sweep.map_cells import View, has_grid, map_axes, map_cells, middle
from pages.parts.text import MISSING, declared_text, escape_markdown, t, texts_of, value_text

ROLES: Sequence[Role] = ("teacher", "alone", "distilled")


def sweep_view(study: StudyRow) -> None:
    """Show a sweep; poll only while it lives."""
    live_fragment(study, _draw, key="sweep_view")


def _draw(row: StudyRow) -> None:
    study = row.id
    places = store().studies.member_progress(study)
    scores = store().runs.scores(wanted_scores(places))
    sweep = sweep_results(row.spec["axes"], row.spec["cells"], row.spec["seeds"], places, scores)
    axes = axes_of(row)
    image = sweep_material(store(), study, places)
    with st.container(key="sweep_finding"):
        st.markdown(f"**{escape_markdown(say.finding(sweep, axes, row.alive))}**")
    show_progress(row, places)
    st.caption(escape_markdown(say.setting(row, _dataset(row), None if image is None else len(image.labels))))
    view = _choose_view(row, sweep, axes)
    opened = _map(row, sweep, view, axes, places, image)
    if opened is not None:
        link.put(study=study, cell=opened, epoch=None)
        st.switch_page("pages/race.py")
    tell_left_out(places)
    further_views.more(row.id, row.alive, sweep, axes)


def _dataset(row: StudyRow) -> str:
    name = row.spec["base"]["data"]["source"]["name"]
    return declared_text(f"datasets.{name}.title", name.replace("_", " "))


def _choose_view(row: StudyRow, sweep: SweepResults, axes: say.Axes) -> View:
    """Return which two axes are in sight; with more than two, the person chooses, and holds the others."""
    paths = list(sweep.axes)
    if len(paths) <= 2:
        return View(paths[0], paths[1] if len(paths) == 2 else None, {})

    def title(path: str) -> str:
        return axes[path].full

    columns = st.columns(min(4, len(paths)))
    x = columns[0].selectbox(t("sweep.map_x"), paths, format_func=title, key=f"sweep_map_x_{row.id}")
    rest = [path for path in paths if path != x]
    y = columns[1].selectbox(t("sweep.map_y"), rest, format_func=title, key=f"sweep_map_y_{row.id}")
    fixed: dict[str, Any] = {}
    if has_grid(sweep):
        held = [path for path in rest if path != y]
        for place, path in enumerate(held):
            column, values = columns[(2 + place) % len(columns)], ordered(sweep.axes[path])
            fixed[path] = column.selectbox(
                title(path),
                values,
                format_func=value_text,
                index=middle(sweep, path),
                key=f"sweep_hold_{row.id}_{path}",
            )
    return View(x, y, fixed)


def _map(
    row: StudyRow,
    sweep: SweepResults,
    view: View,
    axes: say.Axes,
    places: Sequence[MemberProgress],
    image: StoredLogits | None,
) -> int | None:
    sample = None if image is None else sample_shown(image)
    answers, logits = ({}, []) if sample is None else cell_answers(store(), sweep, places, sample)
    cells = map_cells(sweep, view, axes, answers)
    x, y = map_axes(sweep, view, axes)
    finding = say.finding(sweep, axes, alive=row.alive)
    title, subtitle = say.picture_titles(row.seeds, sweep, axes, _dataset(row))
    return gain_map_chart(
        key="sweep_map",
        x=x,
        y=y,
        cells=cells,
        limit=colour_limit([cell.gain for cell in sweep.cells if cell.gain is not None]),
        chosen=_first_shown(sweep, [cell.index for cell in cells]),
        words=texts_of("map", MAP_WORDS),
        alt=t("map.alt", x=x.title, y=y.title or MISSING, n=len(cells), finding=finding),
        title=title,
        subtitle=subtitle,
        note=say.interval_setting(sweep),
        image=None if image is None or sample is None else MapImage(image_bars(image, sample), logits),
        on_change=_view_changed,
    )


def _first_shown(sweep: SweepResults, indices: Sequence[int]) -> int:
    """Return whose bars are shown at first: the link's cell, the best one, or the first with a number."""
    asked = link.get("cell")
    if asked.isdecimal() and int(asked) in indices:
        return int(asked)
    if sweep.best is not None and sweep.best.index in indices:
        return sweep.best.index
    return next((cell.index for cell in sweep.cells if cell.index in indices and cell.gain is not None), indices[0])


def image_bars(image: StoredLogits, sample: int) -> dict[str, Any]:
    """Return what the bars of a cell need beside its logits: the image, who answers about it, and the view."""
    label = int(image.labels[sample])
    name = image.classes[label] if label >= 0 else t("soft_labels.no_label")
    return image_data(
        [(role, t(f"roles.{role}")) for role in ROLES],
        image.classes,
        texts_of("bars", BAR_WORDS),
        hard_label=label if label >= 0 else None,
        picture=picture_url(image.images[sample]),
        picture_alt=t("map.picture", index=sample, name=name, seed=SEED),
        temperature=view_temperature(),
        axis=view_axis(),
    )


def _view_changed() -> None:
    put_view(read_state(st.session_state["sweep_map"], BarsState(view_temperature(), view_axis())))
