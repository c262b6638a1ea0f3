"""Hard labels with a little probability for every class."""

from __future__ import annotations

import pytest
import torch

from kd_core.errors import InvalidSetting
from kd_core.methods.label_smoothing import LabelSmoothing
from tests.functional.fixed_input import LABELS, STUDENT, G, outputs


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_it_is_torchs_own(smoothing: float) -> None:
    expected = torch.nn.functional.cross_entropy(STUDENT, LABELS, label_smoothing=smoothing)
    found = LabelSmoothing(smoothing=smoothing).terms(outputs(), None, LABELS)
    assert float(found["labels"]) == pytest.approx(float(expected), abs=1e-12)


def test_no_smoothing_is_the_plain_cross_entropy() -> None:
    found = LabelSmoothing(smoothing=0).terms(outputs(), None, LABELS)
    assert float(found["labels"]) == pytest.approx(G["CE"], abs=1e-9)


def test_two_classes_by_hand() -> None:
    # p = (.8, .2), target (.95, .05): -(.95 ln .8 + .05 ln .2)
    logits = torch.tensor([[0.8, 0.2]], dtype=torch.float64).log()
    found = LabelSmoothing(smoothing=0.1).terms(outputs(logits), None, torch.tensor([0]))
    assert float(found["labels"]) == pytest.approx(0.95 * 0.2231435513 + 0.05 * 1.6094379124, abs=1e-9)


def test_smoothing_away_everything_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="smoothing"):
        LabelSmoothing.from_json({"smoothing": 1.0})
