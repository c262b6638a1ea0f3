"""A sweep's results, read from the store by queries that are light enough for twice a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kd_core.results.sweep_cells import SweepCell, SweepResults, with_intervals
from kd_core.results.sweep_seeds import Scores, SeedResult, cell_key, seed_result_of, trios_of, wanted_scores
from kd_core.store import MemberProgress, Store


def load_sweep(store: Store, study: str) -> SweepResults:
    """Return a sweep as far as it is, by three light queries."""
    spec, places = store.studies.get(study).spec, store.studies.member_progress(study)
    scores = store.runs.scores(wanted_scores(places))
    return sweep_results(spec["axes"], spec["cells"], spec["seeds"], places, scores)


def sweep_results(
    axes: Mapping[str, Sequence[Any]],
    cells: Sequence[Mapping[str, Any]],
    seeds: int,
    places: Sequence[MemberProgress],
    scores: Scores,
) -> SweepResults:
    """Return what the cells of a sweep say.

    Args:
        axes: the values by path.
        cells: the study's, in order.
        seeds: of every cell.
        places: the study's members.
        scores: of the epochs that ``wanted_scores`` names.
    """
    trios = trios_of(places)
    results = []
    for index, values in enumerate(cells):
        trios_of_cell = [trios.get((cell_key(values), seed), {}) for seed in range(seeds)]
        trials = tuple(seed_result_of(seed, trio, scores) for seed, trio in enumerate(trios_of_cell))
        students = [trio["distilled"] for trio in trios_of_cell if "distilled" in trio]
        cost: Mapping[str, Any] = next((place.cost for place in students if place.cost), {})
        results.append(SweepCell(index, values, trials, parameters=cost.get("parameters"), macs=cost.get("macs")))
    return with_intervals(axes, seeds, results)


def sweep_from_json(facts: Mapping[str, Any]) -> SweepResults:
    """Return a sweep that was recorded: ``axes`` by path, and ``cells`` with values, trials, parameters and MACs."""
    cells = [
        SweepCell(
            index,
            cell["values"],
            tuple(SeedResult(**trial) for trial in cell["trials"]),
            parameters=cell["parameters"],
            macs=cell["macs"],
        )
        for index, cell in enumerate(facts["cells"])
    ]
    return with_intervals(facts["axes"], facts["provenance"]["seeds"], cells)
