"""Learning rates that the literature uses, to tell a high one from a low one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

USUAL_RATE: Final = {"adam": 0.001, "adamw": 0.001, "sgd": 0.05}
"""Adam's own default (Kingma & Ba 2015); for SGD with momentum that of Tian et al. 2020."""
LOW_RATE: Final = 0.1
"""A rate at or below this share of the usual one is low: fine-tuning takes a tenth, training from scratch does not."""
HIGH_RATE: Final = 5.0
"""A teacher's rate above so many times the usual one is worth a try with the usual one."""
TRIED_RATE: Final = 3.0
"""An experiment takes the usual rate so many times: networks as small as these bear more than large ones."""
LOWERED: Final = 0.1
"""An experiment never takes more than this share of a rate that was too high."""


def usual_rate(optim: Mapping[str, Any]) -> float:
    """Return the usual rate of a recipe's optimiser, given its settings as JSON."""
    return USUAL_RATE[optim["algorithm"]]


def is_low(optim: Mapping[str, Any]) -> bool:
    """Tell whether a rate is so low that a network hardly moves."""
    return float(optim["lr"]) <= LOW_RATE * usual_rate(optim)


def is_high(optim: Mapping[str, Any]) -> bool:
    """Tell whether a rate is far above the usual one."""
    return float(optim["lr"]) > HIGH_RATE * usual_rate(optim)


def sound_rate(optim: Mapping[str, Any], path: str = "optim") -> dict[str, Any]:
    """Return the change, by path, to a rate that is worth a try in place of one that is too high or too low."""
    tried = TRIED_RATE * usual_rate(optim)
    rate = float(f"{tried if is_low(optim) else min(tried, LOWERED * optim['lr']):.3g}")
    changes: dict[str, Any] = {f"{path}.lr": rate}
    return {**changes, f"{path}.lr_of_teacher": None} if optim.get("lr_of_teacher") is not None else changes
