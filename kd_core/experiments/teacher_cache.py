"""Trained teachers, loaded once, and what each says about a student's training images, asked once."""

from __future__ import annotations

import torch

from kd_core.compute import use_threads
from kd_core.datasets import training_positions
from kd_core.experiments.study_context import StudyContext
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.recipe import GivenLogits, Recipe, given_logits
from kd_core.training import cache_teacher_outputs, can_cache_teacher


class TeacherCache:
    """The teachers of a study.

    Args:
        study: where their weights and the students' images come from.
    """

    def __init__(self, study: StudyContext) -> None:
        self.study = study
        self._networks: dict[str, Network] = {}
        self._outputs: dict[str, Outputs | None] = {}

    def network(self, recipe: Recipe) -> Network | None:
        """Return the trained teacher of a recipe, loaded once; None without one, or where a file speaks for it."""
        if recipe.teacher is None or recipe.teacher.given_logits is not None:
            return None
        key = recipe.teacher.fingerprint()
        if key not in self._networks:
            # Convolutions answer two to three times as fast with this layout; other layers do not know of it.
            teacher = self.study.trained_network(recipe.teacher)
            self._networks[key] = teacher.to(memory_format=torch.channels_last)
        return self._networks[key]

    def outputs(self, recipe: Recipe) -> Outputs | None:
        """Return what a recipe's teacher says about its training images, asked once for all students who see the same.

        None without a teacher, or where it must answer live.
        """
        if recipe.teacher is None or not can_cache_teacher(recipe):
            return None
        clean = recipe.changed({"data.label_noise": 0.0})
        key = f"{recipe.teacher.fingerprint()}/{clean.data.fingerprint()}/{recipe.seed}"
        if key not in self._outputs and recipe.teacher.given_logits is not None:
            self._outputs[key] = self._given_outputs(clean, recipe.teacher.given_logits)
        if key not in self._outputs:
            train, plan = self.study.splits(clean).train, self.study.step_plan(recipe.teacher)
            with use_threads(plan.threads):
                self._outputs[key] = cache_teacher_outputs(recipe, train, self.network(recipe), plan)
        return self._outputs[key]

    def _given_outputs(self, recipe: Recipe, given: GivenLogits) -> Outputs:
        """Return what a file says about the images that a recipe trains on."""
        dataset = self.study.dataset(recipe)
        positions = training_positions(recipe.data, dataset, recipe.seed)
        return Outputs(torch.from_numpy(given_logits(given, dataset))[positions].to(self.study.device))

    def forget(self) -> None:
        """Let go of one seed's teachers before the next seed begins."""
        self._networks.clear()
        self._outputs.clear()
