"""A sweep in words: its finding, its setting, and each cell's numbers, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from kd_core.results import SweepCell, SweepResults
from kd_core.store import StudyRow
from pages.parts.studies import changes_of
from pages.parts.text import MISSING, AxisWords, share_text, signed_text, t, value_text

Axes = Mapping[str, AxisWords]


def cell_name(cell: SweepCell, axes: Axes) -> str:
    """Return a cell's setting, e.g. "Temperature 4 · Teacher weight 0.9"."""
    return " · ".join(f"{axes[path].title} {value_text(value)}" for path, value in cell.values.items())


def gain_text(cell: SweepCell) -> str:
    """Return a cell's gain with its interval, or why there is none."""
    if cell.gain is None:
        return t("sweep.no_gain")
    fields = {"gain": signed_text(cell.gain), "n": cell.n}
    if cell.interval is None:
        return t("sweep.gain_one_seed" if cell.n == 1 else "sweep.gain_no_interval", **fields)
    low, high = cell.interval
    return t("sweep.gain_interval", low=signed_text(low), high=signed_text(high), **fields)


def cell_lines(cell: SweepCell) -> list[str]:
    """Return a cell's numbers as the panel beside the map shows them."""
    lines = [gain_text(cell)]
    if cell.accuracy is not None and cell.alone is not None:
        validation = MISSING if cell.validation is None else share_text(cell.validation, 1)
        shown = {"accuracy": share_text(cell.accuracy, 1), "alone": share_text(cell.alone, 1)}
        lines.append(t("sweep.accuracies", **shown, validation=validation))
    done, epochs = cell.epoch
    states = [t("sweep.reported" if cell.ended else "sweep.epoch_of", epoch=done, epochs=epochs)] if epochs else []
    if cell.trouble:
        broken = sum(trial.status == cell.trouble for trial in cell.trials)
        states.append(t("sweep.trouble", n=broken, all=len(cell.trials), status=t(f"status.{cell.trouble}")))
    return [*lines, " · ".join(states)] if states else lines


def finding(sweep: SweepResults, axes: Axes, alive: bool) -> str:
    """Return the headline: the cell that validation has chosen, and what it gains on test, honestly."""
    best = sweep.best
    if best is None or best.gain is None:
        return t("sweep.nothing_finished_alive" if alive else "sweep.nothing_finished")
    outcome = "one_seed" if best.n == 1 else "unknown"
    if best.interval is not None:
        low, high = best.interval
        outcome = "better" if low > 0 else "worse" if high < 0 else "none"
    sentence = t(
        f"sweep.finding_{outcome}",
        n=len(sweep.candidates),
        cell=cell_name(best, axes),
        gain=gain_text(best),
    )
    return f"{t('race.so_far')} {sentence}" if alive else sentence


def setting(row: StudyRow, dataset: str, images: int | None) -> str:
    """Return what the map shows: measure, split, seeds and where the numbers come from."""
    facts = [t("sweep.measure"), t("race.on", dataset=dataset)]
    if images:
        facts.append(t("sweep.images", n=f"{images:,}"))
    facts += [t("study.seeds", n=row.seeds), *changes_of(row), t("provenance.live")]
    return " · ".join(facts)


def picture_titles(seeds: int, sweep: SweepResults, axes: Axes, dataset: str) -> tuple[str, str]:
    """Return title and subtitle of the map as a picture, where there is one line for each."""
    best = sweep.best
    sentence = t("sweep.title")
    if best is not None and best.gain is not None:
        sentence = t("map.picture_title", cell=cell_name(best, axes), gain=signed_text(best.gain, 1))
    return sentence, t("map.picture_subtitle", dataset=dataset, n=seeds)


def interval_setting(sweep: SweepResults) -> str:
    """Return how the intervals were made and how many cells chance alone would mark, or why there are none."""
    if sweep.pool is None:
        return t("sweep.no_intervals") if sweep.seeds == 1 else t("sweep.no_intervals_yet")
    pool = sweep.pool
    facts = {"cells": pool.cells, "degrees": pool.degrees, "sd": f"{pool.sd:.2f}", "n": pool.seeds}
    counted = {"marked": sweep.marked, "judged": len(sweep.judged), "chance": f"{sweep.by_chance:.1f}"}
    return f"{t('sweep.pooled', **facts)} {t('sweep.by_chance', **counted)}"
