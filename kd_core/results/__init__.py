"""What stored numbers say: races, method races, sweeps, and their statistics."""

from kd_core.results import stored_logits
from kd_core.results.arms import ArmResult, FinishedMember, arm_results
from kd_core.results.method_race import MethodRaceData, TechniqueResult, compare_json, load_method_race
from kd_core.results.race import (
    CellValues,
    ForkFacts,
    RaceData,
    RaceNumbers,
    finished_members,
    forks_json,
    forks_of,
    is_taught,
    load_race,
    members_and_runs,
    race_json,
    race_numbers,
    race_verdict,
    recipe_of,
    sweep_rows,
    test_set_interval,
)
from kd_core.results.softmax import Floats, entropy, kl_divergence, log_soften, mean_soft_labels, soften
from kd_core.results.statistics import (
    MeanSd,
    Verdict,
    bootstrap_interval,
    mean_sd,
    t_interval,
    verdict,
    wilson_interval,
)
from kd_core.results.stored_logits import StoredLogits, most_ambiguous
from kd_core.results.sweep import sweep_from_json, sweep_results
from kd_core.results.sweep_cells import SweepCell, SweepResults
from kd_core.results.sweep_seeds import cell_key, trios_of, wanted_scores
from kd_core.results.sweep_views import as_rows, cells_at, is_number, nearest_cell, ordered, pareto_front, slice_along

__all__ = [
    "ArmResult",
    "CellValues",
    "FinishedMember",
    "Floats",
    "ForkFacts",
    "MeanSd",
    "MethodRaceData",
    "RaceData",
    "RaceNumbers",
    "StoredLogits",
    "SweepCell",
    "SweepResults",
    "TechniqueResult",
    "Verdict",
    "arm_results",
    "as_rows",
    "bootstrap_interval",
    "cell_key",
    "cells_at",
    "compare_json",
    "entropy",
    "finished_members",
    "forks_json",
    "forks_of",
    "is_number",
    "is_taught",
    "kl_divergence",
    "load_method_race",
    "load_race",
    "log_soften",
    "mean_sd",
    "mean_soft_labels",
    "members_and_runs",
    "most_ambiguous",
    "nearest_cell",
    "ordered",
    "pareto_front",
    "race_json",
    "race_numbers",
    "race_verdict",
    "recipe_of",
    "slice_along",
    "soften",
    "stored_logits",
    "sweep_from_json",
    "sweep_results",
    "sweep_rows",
    "t_interval",
    "test_set_interval",
    "trios_of",
    "verdict",
    "wanted_scores",
    "wilson_interval",
]
