"""A sweep's results, read from the store by queries that are light enough for twice a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kd_core.results.sweep_cells import SweepCell, SweepResults, with_intervals
from kd_core.results.sweep_seeds import Scores, cell_key, seed_result_of, trios_of, wanted_scores
from kd_core.store import MemberProgress, Store


def load_sweep(store: Store, study: str) -> SweepResults:
    """Return a sweep as far as it is, by three light queries."""
    spec, members = store.studies.get(study).spec, store.studies.member_progress(study)
    scores = store.runs.scores(wanted_scores(members))
    return sweep_results(spec["axes"], spec["cells"], spec["seeds"], members, scores)


def sweep_results(
    axes: Mapping[str, Sequence[Any]],
    cells: Sequence[Mapping[str, Any]],
    seeds: int,
    members: Sequence[MemberProgress],
    scores: Scores,
) -> SweepResults:
    """Return the results of a sweep's cells.

    Args:
        axes: the values by path.
        cells: the study's, in order.
        seeds: of every cell.
        members: the study's members.
        scores: of the epochs that ``wanted_scores`` names.
    """
    trios = trios_of(members)
    sweep_cells = []
    for index, values in enumerate(cells):
        cell_trios = [trios.get((cell_key(values), seed), {}) for seed in range(seeds)]
        trials = tuple(seed_result_of(seed, trio, scores) for seed, trio in enumerate(cell_trios))
        students = [trio["distilled"] for trio in cell_trios if "distilled" in trio]
        cost: Mapping[str, Any] = next((student.cost for student in students if student.cost), {})
        sweep_cells.append(SweepCell(index, values, trials, parameters=cost.get("parameters"), macs=cost.get("macs")))
    return with_intervals(axes, seeds, sweep_cells)
