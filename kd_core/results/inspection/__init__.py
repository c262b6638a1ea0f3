"""Where two networks differ, image by image, computed from stored logits."""

from kd_core.results.inspection.answers import NO_ANSWER, Answers, answers_of
from kd_core.results.inspection.comparison import (
    GROUPS,
    Share,
    agreement_by_class,
    calibration_bins,
    calibration_error,
    comparison_json,
    confusion,
    confusion_difference,
    entropy_bins,
    groups_of,
    per_class_accuracy,
)
from kd_core.results.inspection.last_features import AFFORDABLE_MACS, last_features
from kd_core.results.inspection.over_epochs import image_over_epochs
from kd_core.results.inspection.plane import Plane, plane_of
from kd_core.results.inspection.sides import Side, logits_after, nearest_kept, sides_of

__all__ = [
    "AFFORDABLE_MACS",
    "GROUPS",
    "NO_ANSWER",
    "Answers",
    "Plane",
    "Share",
    "Side",
    "agreement_by_class",
    "answers_of",
    "calibration_bins",
    "calibration_error",
    "comparison_json",
    "confusion",
    "confusion_difference",
    "entropy_bins",
    "groups_of",
    "image_over_epochs",
    "last_features",
    "logits_after",
    "nearest_kept",
    "per_class_accuracy",
    "plane_of",
    "sides_of",
]
