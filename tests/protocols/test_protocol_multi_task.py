"""Multi-task distillation: who answers the second question."""

from __future__ import annotations

import torch

from tests.digits_recipes import DIGITS


def test_the_second_teacher_answers_the_second_question() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "multi_task", "question": "thickness"}})
    (second,) = recipe.protocol.prerequisites(recipe)
    assert recipe.teacher is not None
    assert second == recipe.teacher.changed({"data.question": "thickness"})
    said = recipe.build((1, 8, 8), 10)(torch.rand(2, 1, 8, 8))
    assert said.logits.shape == (2, 10) and said.heads["second"].shape == (2, 3)
