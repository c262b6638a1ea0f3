"""Reports by kind of study, from the same rows as the pages of a race, a method race and a sweep."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from kd_core.results import (
    CellValues,
    RaceData,
    load_method_race,
    load_race,
    race_numbers,
    recipe_of,
    sweep_results,
    wanted_scores,
)
from kd_core.store import RunRow, Store, StudyRow
from kd_core.vocabulary import ARMS, TECHNIQUE_KEY
from pages.parts import method_race, sweep
from pages.parts.charts import accuracy_lines, colour_limit, zoomed_range
from pages.parts.form import preset_title
from pages.parts.protocol_panels import Panel, alone_was_given, protocol_headline
from pages.parts.race import shown_row
from pages.parts.report.document import Section, document, figure, paragraph, table
from pages.parts.report.facts import findings_section, provenance_section, reproduce_section, settings_section, written
from pages.parts.report.figures import Difference, differences_figure, lines_figure, map_figure
from pages.parts.studies import axes_of, study_title, taught_with
from pages.parts.text import (
    MISSING,
    declared_text,
    language,
    path_title,
    percent_text,
    sampling_text,
    share_text,
    t,
    value_text,
)


def study_report(
    store: Store,
    row: StudyRow,
    *,
    cell: CellValues | None = None,
    link: str = "",
    findings: Sequence[str] | None = None,
) -> str:
    """Return the report of a study, or of one cell of a sweep, as one HTML file in the reader's language.

    Args:
        store: where it is.
        row: the study.
        cell: of a sweep, the values of the cell that is meant; None for the whole study.
        link: where its page is.
        findings: sentences on what may be wrong with it; None where nobody looked.
    """
    if row.kind == "race" or cell is not None:
        return _race_report(store, row, cell, link, findings)
    finding, setting, results = (_of_sweep if row.kind == "sweep" else _of_method_race)(store, row)
    recipe, runs = recipe_of(row), _unique(store.studies.runs_of(row.id).values())
    sections = [
        *results,
        findings_section(findings),
        settings_section(recipe, row.seeds),
        provenance_section(row, runs),
        reproduce_section(row, recipe, link),
    ]
    return document(_title(row), finding, [setting], sections, language())


def _race_report(
    store: Store, row: StudyRow, cell: CellValues | None, link: str, findings: Sequence[str] | None
) -> str:
    race = load_race(store, row, cell)
    panel, numbers = Panel.of(race), race_numbers(store, row.id, cell)
    finding = t("race.no_verdict_yet")
    if race.verdict is not None:
        so_far = t("race.so_far") + " " if row.alive else ""
        finding = so_far + protocol_headline(panel, race.verdict)
    notes = [text for text in [alone_was_given(panel)] if text and race.verdict is not None]
    if numbers.test_set_ci95_pp and numbers.test_images:
        notes.append(sampling_text(numbers.test_set_ci95_pp, numbers.test_images))
    facts = [
        *_cell_facts(cell or {}, race.recipe),
        *taught_with(race.recipe),
        t("race.on", dataset=_dataset(race.recipe)),
    ]
    sections = [
        Section(t("report.verdict"), [*(paragraph(note) for note in notes), *_by_seed(race)]),
        Section(t("report.curves"), _curves(race)),
        Section(t("report.numbers"), _arms(race)),
        findings_section(findings),
        settings_section(race.recipe, row.seeds),
        provenance_section(row, _unique(race.runs.values())),
        reproduce_section(row, race.recipe, link, whole=cell is None),
    ]
    return document(_title(row), finding, facts, sections, language())


def _cell_facts(cell: CellValues, recipe: Mapping[str, Any]) -> list[str]:
    if TECHNIQUE_KEY in cell:
        return [method_race.technique(cell[TECHNIQUE_KEY])]
    return [f"{path_title(path, recipe)} {value_text(value)}" for path, value in cell.items()]


def _unique(runs: Iterable[RunRow]) -> list[RunRow]:
    return list({run.id: run for run in runs}.values())


def _by_seed(race: RaceData) -> list[str]:
    """Return the difference of every seed, and their mean with its interval."""
    if race.verdict is None:
        return []
    right = {
        arm: {place.member.seed: place.measure("accuracy") or 0.0 for place in race.arms[arm].places}
        for arm in ("alone", "distilled")
    }
    seeds = sorted(right["alone"].keys() & right["distilled"].keys())
    rows = [
        Difference(t("form.seed", n=seed), 100 * (right["distilled"][seed] - right["alone"][seed])) for seed in seeds
    ]
    low, high = race.verdict.ci95_pp or (None, None)
    rows.append(Difference(t("report.mean"), race.verdict.difference_pp, low, high))
    note = t("report.by_seed_note" if low is not None else "report.by_seed_one", n=len(seeds))
    return [figure(differences_figure(rows, t("sweep.gain_axis"), note), note)]


def _curves(race: RaceData) -> list[str]:
    lines = accuracy_lines(race.members, race.runs, race.epochs, {arm: t(f"roles.{arm}") for arm in ARMS})
    if not lines:
        return []
    low, high = zoomed_range(lines, race.row.alive)
    n = min((len(result.places) for result in race.arms.values()), default=0)
    note = t("race.band" if low else "race.band_full", n=n, low=share_text(low))
    svg = lines_figure(lines, t("race.epoch"), t("race.accuracy_axis"), (low, high), t("report.curves"))
    return [figure(svg, note)]


def _arms(race: RaceData) -> list[str]:
    rows = [shown_row(race.arms[arm]) for arm in ARMS if arm in race.arms]
    return [table(list(rows[0]), [list(row.values()) for row in rows])] if rows else []


def _of_method_race(store: Store, row: StudyRow) -> tuple[str, str, list[Section]]:
    race = load_method_race(store, row.id)
    setting = " · ".join([t("race.on", dataset=_dataset(recipe_of(row))), t("study.seeds", n=row.seeds)])
    finding = method_race.finding(race, row.alive)
    if not race.ranked:
        return finding, setting, []
    rows = [Difference(t("roles.alone"), 0.0, role="alone")]
    for result in race.ranked:
        if result.over_alone is not None:
            low, high = result.over_alone.ci95_pp or (None, None)
            rows.append(Difference(method_race.technique(result.name), result.over_alone.difference_pp, low, high))
    rows.sort(key=lambda difference: -difference.value)
    svg = differences_figure(rows, t("sweep.gain_axis"), finding)
    gains = figure(svg, t("method_race.chart_note_alone" if _judged(rows) else "method_race.chart_note_one_seed"))
    head = [t(f"method_race.column_{name}") for name in ("technique", "accuracy", "over_alone", "agreement", "ece")]
    students = [(method_race.technique(r.name), r.student, method_race.points(r.over_alone)) for r in race.ranked]
    students += [
        (t(f"roles.{arm}"), race.baselines[arm], MISSING) for arm in ("alone", "teacher") if arm in race.baselines
    ]
    body = [
        (name, percent_text(arm.measures["accuracy"], 1, with_n=True), gain,
         *(percent_text(arm.measures[measure], 1) for measure in ("agreement", "ece")))
        for name, arm, gain in students
    ]  # fmt: skip
    return finding, setting, [Section(t("report.gains"), [gains]), Section(t("report.numbers"), [table(head, body)])]


def _judged(rows: Sequence[Difference]) -> bool:
    return any(row.low is not None for row in rows)


def _of_sweep(store: Store, row: StudyRow) -> tuple[str, str, list[Section]]:
    places = store.studies.member_progress(row.id)
    results = sweep_results(
        row.spec["axes"], row.spec["cells"], row.spec["seeds"], places, store.runs.scores(wanted_scores(places))
    )
    axes, dataset = axes_of(row), _dataset(recipe_of(row))
    finding = sweep.finding(results, axes, row.alive)
    view, x, y, cells = sweep.whole_map(results, axes)
    limit = colour_limit([cell.gain for cell in results.cells if cell.gain is not None])
    held = [f"{axes[path].full} = {value_text(value)}" for path, value in view.fixed.items()]
    note = " · ".join(
        [*held, t("sweep.measure"), sweep.interval_setting(results), t("report.map_note", limit=f"{limit:g}")]
    )
    drawn = figure(map_figure(x, y, cells, limit, finding), note)
    frame = sweep.cell_rows(results, axes)
    numbers = table(list(map(str, frame.columns)), _written(frame, len(axes)))
    sections = [Section(t("report.map"), [drawn]), Section(t("report.numbers"), [numbers])]
    return finding, sweep.setting(row, dataset, None), sections


def _written(frame: pd.DataFrame, settings: int) -> list[list[str]]:
    """Return a table's rows as they are read: settings as they are, numbers with two decimals, a dash for nothing."""

    def cell(value: object, place: int) -> str:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return MISSING
        return f"{value:.2f}" if isinstance(value, float) and place >= settings else written(value)

    rows = frame.to_dict("records")
    return [[cell(value, place) for place, value in enumerate(row.values())] for row in rows]


def _title(row: StudyRow) -> str:
    """Return what a study is called; in English, too, a preset has a title."""
    title = study_title(row)
    return preset_title(title) if title == row.preset else title


def _dataset(recipe: Mapping[str, Any]) -> str:
    name = str(recipe["data"]["source"]["name"])
    return declared_text(f"datasets.{name}.title", name.replace("_", " "))
