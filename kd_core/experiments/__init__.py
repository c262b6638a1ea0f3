"""A study carried out and written down: groups of runs, cached teachers, recorded events."""

from kd_core.experiments.estimate import estimated_seconds
from kd_core.experiments.study_context import StudyContext
from kd_core.experiments.study_runner import run_study

__all__ = ["StudyContext", "estimated_seconds", "run_study"]
