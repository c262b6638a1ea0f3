"""What the store is told of runs beside their numbers: cost, labels seen, and on what they are carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from kd_core.compute import PLAIN, StepPlan, cost, describe_execution, suggested_threads
from kd_core.experiments.study_context import StudyContext
from kd_core.experiments.teacher_cache import TeacherCache
from kd_core.recipe import Recipe
from kd_core.training import build_auxiliary
from kd_core.training.lanes import why_solo


def describe(study: StudyContext, teachers: TeacherCache, runs: Sequence[str], recipe: Recipe, group: str) -> StepPlan:
    """Tell the store what runs of one loop cost, see and are carried out on; return how to take a step.

    Args:
        study: where data and networks come from.
        teachers: of the study.
        runs: by lane.
        recipe: of one of them; the others differ from it in what lanes may differ in.
        group: their lane group; empty for a single run.
    """
    costs = cost(study.fresh_network(recipe), study.dataset(recipe).train.shape)
    if group:
        plan = replace(PLAIN, threads=suggested_threads(costs.macs * len(runs), recipe.optim.batch))
    else:
        plan = study.step_plan(recipe)
    lanes = {"lanes": len(runs), "group": group, "why_alone": why_solo(recipe)}
    execution = describe_execution(study.device, study.device_name, **vars(plan), **lanes)
    labels = int((study.splits(recipe).train.labels >= 0).sum())
    facts = {**vars(costs), "labels": labels, "extra_parameters": _extra_parameters(study, teachers, recipe)}
    source = recipe.data.source.fingerprint()
    study.store.runs.update(*runs, cost=facts, execution=execution.to_json(), source=source)
    return plan


def _extra_parameters(study: StudyContext, teachers: TeacherCache, recipe: Recipe) -> int:
    """Return how many numbers a method's auxiliary module learns beside the student."""
    if not recipe.method.needs:
        return 0
    images = study.dataset(recipe).train.subset(torch.arange(2)).normalised().to(study.device)
    auxiliary = build_auxiliary(recipe.method, study.fresh_network(recipe), teachers.network(recipe), images)
    return sum(parameter.numel() for parameter in auxiliary.parameters()) if auxiliary is not None else 0
