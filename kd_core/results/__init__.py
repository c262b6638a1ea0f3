"""What stored numbers say: races, method races, sweeps, and their statistics."""

from kd_core.results import stored_logits
from kd_core.results.method_race import compare_json
from kd_core.results.race import (
    ArmResult,
    CellValues,
    Place,
    arm_results,
    compared,
    finished,
    image_interval,
    race_json,
    race_verdict,
    recipe_of,
    sweep_rows,
)
from kd_core.results.softmax import Floats, entropy, kl_divergence, log_soften, mean_soft_labels, soften
from kd_core.results.statistics import Verdict, sampling_interval, spread, t_interval, verdict
from kd_core.results.stored_logits import Material, most_ambiguous
from kd_core.results.sweep import landscape
from kd_core.results.sweep_cells import Landscape, SweepCell
from kd_core.results.sweep_seeds import cell_key, trios_of, wanted_scores
from kd_core.results.sweep_views import front, is_number, line_cut, nearest_cell, ordered, table, where

__all__ = [
    "CONTENDER",
    "ArmResult",
    "CellValues",
    "Floats",
    "Landscape",
    "Material",
    "Place",
    "SweepCell",
    "Verdict",
    "arm_results",
    "cell_key",
    "compare_json",
    "compared",
    "entropy",
    "finished",
    "front",
    "image_interval",
    "is_number",
    "kl_divergence",
    "landscape",
    "line_cut",
    "log_soften",
    "mean_soft_labels",
    "most_ambiguous",
    "nearest_cell",
    "ordered",
    "race_json",
    "race_verdict",
    "recipe_of",
    "sampling_interval",
    "soften",
    "spread",
    "stored_logits",
    "sweep_rows",
    "t_interval",
    "table",
    "trios_of",
    "verdict",
    "wanted_scores",
    "where",
]
