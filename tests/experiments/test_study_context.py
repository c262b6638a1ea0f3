"""How fast a network is trained, measured once."""

from __future__ import annotations

import pytest

from kd_core.compute.plan import StepPlan
from kd_core.store import Store
from tests.experiments.run_studies import alone, carried_out, runs
from tests.small_studies import recipe


def test_a_large_enough_network_is_probed_once_and_its_way_kept_and_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kd_core.experiments.study_context.SMALL_STEP_MACS", 0)
    ways = [StepPlan(), StepPlan(dtype="bfloat16", channels_last=True)]
    monkeypatch.setattr(
        "kd_core.experiments.study_context.time_plans", lambda *_: list(zip(ways, (1.0, 0.4), strict=True))
    )
    conv = recipe(student={"name": "convnet", "channels": [4], "fc": 8}).baseline()
    [fast] = runs(store, carried_out(store, alone(conv)))
    assert fast.execution is not None and fast.status == "done"
    assert (fast.execution["dtype"], fast.execution["channels_last"]) == ("bfloat16", True)

    monkeypatch.setattr(
        "kd_core.experiments.study_context.time_plans", lambda *_: pytest.fail("it was measured before")
    )
    [exact] = runs(store, carried_out(store, alone(conv), fresh=True, precision="float32"))
    assert exact.execution is not None and exact.execution["dtype"] == "float32"
