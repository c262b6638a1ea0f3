"""Latency: measured in turn, in milliseconds, with the threads asked for; and how a device is called."""

from __future__ import annotations

import platform
import time

import pytest
import torch
from torch import nn

from kd_core.compute import device, latency, plan
from kd_core.compute.device import device_line
from kd_core.compute.latency import Latency, latencies
from kd_core.compute.plan import suggested_threads
from kd_core.compute.profile import macs
from kd_core.networks.mlp import MLP


class Recorded(nn.Module):
    """Notes who was called, in which mode, with how many images and threads."""

    def __init__(self, name: str, log: list[tuple[str, bool, int, int]], delay: float = 0.0) -> None:
        super().__init__()
        self.name, self.log, self.delay = name, log, delay
        self.inner = nn.BatchNorm2d(1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.log.append((self.name, self.inner.training, len(images), torch.get_num_threads()))
        time.sleep(self.delay * len(images))
        return self.inner(images)


def test_networks_are_timed_in_turn_in_evaluation_mode() -> None:
    log: list[tuple[str, bool, int, int]] = []
    networks = {"a": Recorded("a", log), "b": Recorded("b", log)}
    networks["b"].eval()
    found = latencies(networks, (1, 2, 2), batches=(4, 1), runs=5, warmup=2, seconds=60)
    assert [(name, batch) for name, _, batch, _ in log] == [("a", 1), ("b", 1)] * 7 + [("a", 4), ("b", 4)] * 7
    assert not any(training for _, training, _, _ in log)
    assert networks["a"].training and networks["a"].inner.training
    assert not networks["b"].training and not networks["b"].inner.training
    assert {name: [(each.batch, each.runs, each.device) for each in rows] for name, rows in found.items()} == {
        name: [(1, 5, "cpu"), (4, 5, "cpu")] for name in ("a", "b")
    }


def test_the_threads_asked_for_are_used_and_then_put_back() -> None:
    log: list[tuple[str, bool, int, int]] = []
    before = torch.get_num_threads()
    other = 1 if before > 1 else 2
    found = latencies({"a": Recorded("a", log)}, (1, 2, 2), batches=(1,), runs=3, threads=other)
    assert {threads for _, _, _, threads in log} == {other} == {each.threads for each in found["a"]}
    assert torch.get_num_threads() == before


def test_times_are_in_milliseconds() -> None:
    (timed,) = latencies({"a": Recorded("a", [], delay=0.01)}, (1, 2, 2), batches=(1,), runs=5)["a"]
    assert 10 <= timed.p50 <= timed.p95


def test_a_slow_network_gets_the_fewest_runs_and_no_batch_that_would_not_fit() -> None:
    log: list[tuple[str, bool, int, int]] = []
    found = latencies({"slow": Recorded("slow", log, delay=0.02)}, (1, 2, 2), batches=(1, 256), seconds=0.04)
    assert [(each.batch, each.runs) for each in found["slow"]] == [(1, latency.MINIMUM_RUNS)]
    assert len(log) == latency.MINIMUM_RUNS + 1


def test_percentiles_are_those_of_the_runs() -> None:
    assert latency._latency(2, [0.001 * k for k in range(1, 22)], torch.device("cpu")) == Latency(
        batch=2, p50=pytest.approx(11), p95=pytest.approx(20), threads=torch.get_num_threads(), device="cpu", runs=21
    )


def test_the_device_line_names_processor_and_cores() -> None:
    assert device_line().split(",")[0].strip()
    assert "core" in device_line()


@pytest.mark.parametrize("system", ["Linux", "Darwin", "Windows", ""])
def test_the_device_line_has_words_where_the_system_tells_nothing(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(device, "_linux_processor", lambda: "")
    monkeypatch.setattr(device, "available_cores", lambda: 1)
    assert device_line().startswith("riscv64, 1 core")


def test_small_networks_train_on_one_thread_and_large_ones_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "available_cores", lambda: 8)
    student, teacher = (
        macs(MLP(widths=widths).build((1, 28, 28), 10), (1, 28, 28)) for widths in [(20, 20), (800, 800)]
    )
    assert suggested_threads(student, batch=64) == 1
    assert suggested_threads(teacher, batch=64) == 2
    assert suggested_threads(555_000_000, batch=32) == 8  # ResNet-18 on 32 x 32 pixels
