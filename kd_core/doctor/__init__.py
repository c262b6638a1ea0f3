"""Why a student is worse: checks of what a finished study stored, each with its evidence and an experiment."""

from kd_core.doctor.case import Case, Curve, case_of
from kd_core.doctor.diagnosis import diagnose, diagnose_study
from kd_core.doctor.experiment import raced_recipe, settling_seeds, settling_study
from kd_core.doctor.finding import SEEDS, Cause, Evidence, Finding

__all__ = [
    "SEEDS",
    "Case",
    "Cause",
    "Curve",
    "Evidence",
    "Finding",
    "case_of",
    "diagnose",
    "diagnose_study",
    "raced_recipe",
    "settling_seeds",
    "settling_study",
]
