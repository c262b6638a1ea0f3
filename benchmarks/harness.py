"""Harness: what the benchmarks share, from processes that are capped at some threads to medians.

``python -m benchmarks.harness MODULE:FUNCTION '{"argument": ...}' THREADS`` calls one function in this process and
prints its answer; ``apart`` is the way to ask for that.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

if TYPE_CHECKING:  # torch counts the cores when it is imported, so that comes after the cap in ``main``
    from kd_core import Store, Study
    from kd_core.store import RunRow

ROOT = Path(__file__).parents[1]


class Carried(NamedTuple):
    """What came of a study.

    Args:
        seconds: from handing it over until its last trained network and all its results lie in the store.
        whole_seconds: until the study ended; a race then also times its networks' answers.
        runs: what it trained, without what it found in the store.
    """

    seconds: float
    whole_seconds: float
    runs: list[RunRow]


def apart(call: str, arguments: Mapping[str, Any], threads: int) -> Any:
    """Return what ``module:function`` answers in a fresh process that has ``threads`` cores and threads.

    The cap holds for code that sets its own number of threads too, since that looks at the cores it may use.
    """
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "benchmarks.harness", call, json.dumps(dict(arguments)), str(threads)]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{call} failed with {dict(arguments)}")
    return json.loads(done.stdout.splitlines()[-1])


def carried_out(store: Store, study: Study, data_root: Path) -> Carried:
    """Carry out a study on the CPU as a job would; reading its dataset from disk is not in the seconds."""
    from kd_core.experiments import run_study

    source = study.members[0].recipe.data.source
    loaded = source.load(data_root)
    made = store.studies.add(study, device="cpu", status="running")
    with patch.object(type(source), "load", lambda *asked: loaded):
        began = time.time()
        run_study(store, made, data_root=data_root)
        whole = time.time() - began
    row, found = store.studies.get(made), store.studies.runs_of(made).values()
    trained = [run for run in found if run.created >= began and run.finished is not None]
    if row.status != "done" or not trained:
        raise RuntimeError(f"the study ended as '{row.status}': {row.error}")
    return Carried(max(run.finished or 0.0 for run in trained) - began, whole, trained)


def warm_torch() -> None:
    """Take one step of a tiny network, so that what torch imports at its first step is in nobody's seconds."""
    import torch
    from torch import nn

    network = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(36, 2))
    optimiser = torch.optim.Adam(network.parameters())
    network(torch.zeros(2, 1, 8, 8)).sum().backward()
    optimiser.step()
    optimiser.zero_grad()


def seconds_of(act: Callable[[], object]) -> float:
    """Return how long ``act`` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    try:  # getrusage would count what the parent held when it forked
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak


def told(samples: Sequence[float]) -> dict[str, Any]:
    """Return median and samples to four significant digits."""
    return {"median": digits(statistics.median(samples)), "samples": [digits(one) for one in samples]}


def compared_seconds(source: Sequence[float], ours: Sequence[float]) -> dict[str, Any]:
    """Return the seconds of both sides, taken in turn, and how many times faster ours was."""
    pairs = [theirs / own for theirs, own in zip(source, ours, strict=True)]
    of_medians = digits(statistics.median(source) / statistics.median(ours))
    return {
        "seconds": {"source": told(source), "ours": told(ours)},
        "times_faster": {"of_medians": of_medians, "per_pair": told(pairs)},
    }


def digits(value: float) -> float:
    """Return a number with four significant digits."""
    return float(f"{value:.4g}")


def straightness(sizes: Sequence[float], values: Sequence[float]) -> dict[str, float]:
    """Return how straight ``values`` grow with rising ``sizes``.

    Returns:
        fixed, per_unit: the line by least squares.
        exponent: slope between logarithms; linear growth has 1, with a fixed cost less.
        last_slope_over_first: between the last two and the first two points; linear growth has 1, faster growth more.
        farthest_from_line: the largest distance of a value from the line, as a share of that value.
    """
    slope, fixed = statistics.linear_regression(sizes, values)
    power = statistics.linear_regression([math.log(size) for size in sizes], [math.log(value) for value in values])
    first, last = ((values[at + 1] - values[at]) / (sizes[at + 1] - sizes[at]) for at in (0, len(sizes) - 2))
    off = (abs(fixed + slope * size - value) / value for size, value in zip(sizes, values, strict=True))
    return {
        "fixed": digits(fixed),
        "per_unit": digits(slope),
        "exponent": digits(power.slope),
        "last_slope_over_first": digits(last / first) if first else math.inf,
        "farthest_from_line": digits(max(off)),
    }


def machine() -> dict[str, str]:
    """Return on what and with which torch it was measured."""
    import torch

    from kd_core.compute import device_line

    return {"machine": device_line(), "torch": torch.__version__}


def parser_of(text: str | None, repeats: int = 5) -> argparse.ArgumentParser:
    """Return a command line with the options that the benchmarks share; ``text`` is the module's docstring."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=repeats, help="measurements of each figure (%(default)s)")
    data = os.environ.get("KD_DATA")
    parser.add_argument(
        "--data-root", type=Path, default=data, required=data is None, help="where torchvision sets lie (KD_DATA)"
    )
    return parser


def main() -> None:
    """Call what ``apart`` asked for, on as many cores as it said."""
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    call, arguments, threads = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):  # before torch is imported, which counts cores once
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < int(threads):
            raise SystemExit(f"{threads} threads were asked for, this machine offers {len(cores)} cores")
        os.sched_setaffinity(0, cores[: int(threads)])
    module, _, name = call.partition(":")
    answer = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
