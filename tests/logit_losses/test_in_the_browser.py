"""The browser's arithmetic of the loss against the engine's, in node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kd_core.logit_losses import DIVERGENCES, LossForm, high_temperature_gradient, loss_gradient, loss_terms

MATHS = Path(__file__).parents[2] / "assets" / "components" / "loss_lab" / "maths.js"
READ = f"""
import {{ lossTerms }} from {json.dumps(MATHS.as_uri())};
import {{ readFileSync }} from "node:fs";
const cases = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(cases.map((c) => lossTerms(c.form, c.teacher, c.student, c.label))));
"""


def in_node(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the browser's module makes of each case."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    command = [node, "--input-type=module", "-e", READ]
    done = subprocess.run(
        command, input=json.dumps(cases), capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def case(form: LossForm, scale: float, classes: int, seed: int) -> dict[str, Any]:
    teacher, student = np.random.default_rng(seed).normal(0, scale, (2, classes))
    label = None if seed % 5 == 0 else seed % classes
    return {"form": form.to_json(), "teacher": teacher.tolist(), "student": student.tolist(), "label": label}


def test_the_browser_finds_what_the_engine_finds() -> None:
    forms = [
        LossForm(divergence=divergence, temperature=temperature, teacher_weight=0.7, label_weight=label_weight,
                 scale_by_t2=temperature != 2, mean_over_classes=temperature == 20, beta=0.2, alpha=alpha)
        for divergence in DIVERGENCES
        for temperature, label_weight, alpha in ((0.5, None, 0.1), (2.0, 1.5, 0.0), (20.0, 0.0, 0.6))
    ]  # fmt: skip
    cases = [
        case(form, scale, classes, seed)
        for seed, (form, (scale, classes)) in enumerate(
            (form, size) for form in forms for size in ((3.0, 3), (8.0, 10), (60.0, 2))
        )
    ]
    for given, found in zip(cases, in_node(cases), strict=True):
        form = LossForm.from_json(given["form"])
        logits = [np.array([given[who]]) for who in ("teacher", "student")]
        label = np.array([-1 if given["label"] is None else given["label"]])
        terms = loss_terms(form, *logits, label)
        for name, term in terms.items():
            assert found[name]["value"] == pytest.approx(term.value[0], rel=1e-9, abs=1e-12), (form, name)
            assert found[name]["factor"] == pytest.approx(term.factor, rel=1e-12)
            assert found[name]["gradient"] == pytest.approx(term.gradient[0].tolist(), rel=1e-9, abs=1e-11), form
        assert found["total"] == pytest.approx(loss_gradient(terms)[0].tolist(), rel=1e-9, abs=1e-11)
        assert found["limit"] == pytest.approx(
            high_temperature_gradient(form, *logits)[0].tolist(), rel=1e-9, abs=1e-11
        )
        assert found["loss"] == pytest.approx(sum(float(term.weighted[0]) for term in terms.values()), rel=1e-9)
