"""The method that the README of the engine shows as an example is one."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from kd_core.methods.base import Distillation
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER, outputs

README = Path(__file__).parents[2] / "kd_core" / "README.md"


def test_the_example_teaches(monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    module = ModuleType("cosine")
    monkeypatch.setitem(sys.modules, "cosine", module)  # where pydantic looks for what annotations name
    exec(compile(source, "cosine.py", "exec", dont_inherit=True), vars(module))
    method: Distillation = module.Cosine(teacher_weight=0.5)
    for temperature in (1.0, 3.0):
        terms = method.terms(outputs(TEACHER * temperature), outputs(TEACHER), LABELS)
        assert float(terms["teacher"]) == pytest.approx(0, abs=1e-6), "the length of the logits does not matter"
    assert 0 < float(method.terms(outputs(STUDENT), outputs(TEACHER), LABELS)["teacher"]) < 1
    assert method.terms(outputs(STUDENT.half()), outputs(TEACHER.half()), LABELS)["teacher"].dtype == torch.float32
