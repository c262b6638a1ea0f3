"""What stored numbers say: races, method races, sweeps, and their statistics."""

from kd_core.results import stored_logits
from kd_core.results.method_race import compare_json
from kd_core.results.race import (
    ArmResult,
    CellValues,
    FinishedMember,
    arm_results,
    finished_members,
    members_and_runs,
    race_json,
    race_verdict,
    recipe_of,
    sweep_rows,
    test_set_interval,
)
from kd_core.results.softmax import Floats, entropy, kl_divergence, log_soften, mean_soft_labels, soften
from kd_core.results.statistics import Verdict, bootstrap_interval, mean_sd, t_interval, verdict
from kd_core.results.stored_logits import StoredLogits, most_ambiguous
from kd_core.results.sweep import sweep_results
from kd_core.results.sweep_cells import SweepCell, SweepResults
from kd_core.results.sweep_seeds import cell_key, trios_of, wanted_scores
from kd_core.results.sweep_views import as_rows, cells_at, is_number, nearest_cell, ordered, pareto_front, slice_along

__all__ = [
    "ArmResult",
    "CellValues",
    "FinishedMember",
    "Floats",
    "StoredLogits",
    "SweepCell",
    "SweepResults",
    "Verdict",
    "arm_results",
    "as_rows",
    "bootstrap_interval",
    "cell_key",
    "cells_at",
    "compare_json",
    "entropy",
    "finished_members",
    "is_number",
    "kl_divergence",
    "log_soften",
    "mean_sd",
    "mean_soft_labels",
    "members_and_runs",
    "most_ambiguous",
    "nearest_cell",
    "ordered",
    "pareto_front",
    "race_json",
    "race_verdict",
    "recipe_of",
    "slice_along",
    "soften",
    "stored_logits",
    "sweep_results",
    "sweep_rows",
    "t_interval",
    "test_set_interval",
    "trios_of",
    "verdict",
    "wanted_scores",
]
