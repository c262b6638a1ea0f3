"""How much of the processor the training loop uses: ``python -m benchmarks.roofline [--threads 1 2]``.

For each network it prints the floating-point rate of ``fit`` as a fraction of the rate of a plain matrix product of
1024 x 1024 x 1024 on the same threads, in float32 and, where the loop's own products used it, in bfloat16. Networks and
matrix product take turns, an epoch each, in one process that may use as many cores as is asked for; how many of them,
which numbers and which layout a network is trained with is chosen as for a job.

A step's operations are 2 x MACs x batch for the forward pass, as many for the gradients of the weights, and as many for
the gradients of the inputs, except of the first layer, whose input is the image. Evaluation's are left out of the rate
that includes its time, so that rate tells what evaluation costs. Where the rest goes comes from ``torch.profiler``: a
kernel's time includes its own entry and waiting for its threads, and what no kernel took of a step that nobody looked
into is Python, autograd and dispatch. Only on an idle machine do the two fit together.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.harness import apart, digits, machine, parser_of, seconds_of, told
from kd_core import PRESETS, Recipe, Store
from kd_core.compute import StepPlan, macs
from kd_core.compute.memory import keep_memory
from kd_core.datasets import Splits
from kd_core.events import EpochEnd
from kd_core.experiments import StudyContext
from kd_core.networks import Network
from kd_core.training import fit, steps_per_epoch

SIDE = 1024
PRODUCTS_A_SAMPLE = 7
PROFILED_STEPS = 60
NETWORKS: dict[str, tuple[str, str, int]] = {
    "digits-mlp-student": ("digits", "distilled", 60),  # its epochs last milliseconds
    "mnist-mlp-student": ("mnist-mlp", "distilled", 1),
    "conv-student": ("mnist-cnn", "distilled", 1),
    "conv-teacher": ("mnist-cnn", "teacher", 1),
}
"""By name the preset, its arm, and how many epochs are timed together."""

MULTIPLIES = re.compile(r"aten::(addmm|mm|bmm|baddbmm|_?convolution|convolution_backward|.*mkldnn.*|.*conv2d.*)$")
GROUPS = {
    "matrix products and convolutions": MULTIPLIES,
    "pooling": re.compile(r"aten::.*pool.*$"),
    "softmax and loss": re.compile(r"aten::(_?log_softmax.*|_?softmax.*|exp|gather.*|scatter.*|mean|.*nll_loss.*)$"),
    "optimiser": re.compile(r"aten::(_fused_.*|_foreach_.*)$"),
    "indexing and copies": re.compile(r"aten::(index.*|copy_|_to_copy|cat|stack|randperm|clone)$"),
    "elementwise and sums": re.compile(
        r"aten::(relu|clamp.*|threshold_backward|add_?|sub|mul_?|div_?|neg|ge|lt|sum|zero_|fill_|where|random?_?)$"
    ),
}
OVERHEAD = "Python, autograd and dispatch"
PROFILED = "profiled"


class Bench(NamedTuple):
    """A network to train, with what it sees.

    Args:
        recipe: one arm of a preset.
        splits: what it sees.
        teacher: untrained, for its answers cost as much.
        speed: the way to take a step that a job would choose here.
        epochs: that are timed together.
    """

    recipe: Recipe
    splits: Splits
    teacher: Network | None
    speed: StepPlan
    epochs: int

    @property
    def steps(self) -> int:
        """Return how many steps an epoch has."""
        return steps_per_epoch(len(self.splits.train), self.recipe.optim.batch)

    def build(self) -> Network:
        """Return a fresh network."""
        return self.recipe.student.build(self.splits.train.shape, len(self.splits.train.classes))

    def training(self, epochs: int) -> Iterator[EpochEnd]:
        """Train for ``epochs`` and yield the end of each."""
        recipe = self.recipe.changed({"optim.epochs": epochs})
        events = fit(recipe, self.splits, self.teacher, plan=self.speed)
        return (event for event in events if isinstance(event, EpochEnd))


def bench_of(name: str, study: StudyContext, images: int | None) -> Bench:
    """Return a network of ``NETWORKS`` with its data; ``images`` limits MNIST's."""
    preset, arm, epochs = NETWORKS[name]
    recipe = PRESETS[preset].recipe
    recipe = recipe.teacher if arm == "teacher" and recipe.teacher else recipe
    if images is not None and preset != "digits":
        recipe = recipe.changed({"data.labelled": images})
    teacher = study.fresh_network(recipe.teacher).eval() if recipe.teacher else None
    return Bench(recipe, study.splits(recipe), teacher, study.step_plan(recipe), epochs)


def flop_per_step(bench: Bench) -> dict[str, Any]:
    """Return a training step's floating-point operations, as computed and as torch counts them."""
    network, shape, batch = bench.build(), bench.splits.train.shape, bench.recipe.optim.batch
    forward, first = macs(network, shape), _first_layer_macs(network, torch.zeros(1, *shape))
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(batch, *shape)).logits.sum().backward()
    return {
        "batch": batch,
        "macs": forward,
        "first_layer_share": digits(first / forward),
        "flop_per_step": 2 * batch * (3 * forward - first),
        "flop_per_step_counted_by_torch": counter.get_total_flops(),
    }


def _first_layer_macs(network: Network, image: torch.Tensor) -> int:
    """Return the MACs of the first layer that multiplies, for one image."""
    first = next(part for part in network.modules() if isinstance(part, nn.Linear | nn.Conv2d))
    seen: list[torch.Tensor] = []
    hook = first.register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0]))
    network(image)
    hook.remove()
    return macs(first, seen[0].shape[1:])


def product_rate(dtype: torch.dtype) -> float:
    """Return the operations per second of a plain matrix product."""
    left, right = torch.randn(2, SIDE, SIDE).to(dtype)
    out = torch.empty_like(left)
    torch.mm(left, right, out=out)
    times = [seconds_of(lambda: torch.mm(left, right, out=out)) for _ in range(PRODUCTS_A_SAMPLE)]
    return float(2 * SIDE**3 / statistics.median(times))


class Dtypes(TorchDispatchMode):
    """Notes in which types of number products and convolutions are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[torch.dtype] = set()

    def __torch_dispatch__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if MULTIPLIES.match(func.name().partition(".")[0]):
            self.seen |= {one.dtype for one in args if isinstance(one, torch.Tensor) and one.is_floating_point()}
        return func(*args, **(kwargs or {}))


class Look:
    """A training of few images beside the one that is timed, for looking into its steps.

    Args:
        bench: the network; next to nothing of its evaluation is left.
        times: how often its kernels will be timed.
    """

    def __init__(self, bench: Bench, times: int) -> None:
        few = torch.arange(min(len(bench.splits.train), PROFILED_STEPS * bench.recipe.optim.batch))
        judged = [part.subset(torch.arange(16)) for part in (bench.splits.validation, bench.splits.test)]
        small = bench._replace(splits=Splits(bench.splits.train.subset(few), *judged))
        self.epochs = math.ceil(PROFILED_STEPS / small.steps)
        self.steps = self.epochs * small.steps
        self.training = small.training((times + 2) * self.epochs)
        _take(self.training, self.epochs)
        with Dtypes() as dtypes:
            _take(self.training, self.epochs)
        self.dtypes = {_name(dtype) for dtype in dtypes.seen}

    def kernels(self) -> dict[str, float]:
        """Return the milliseconds of a step by group of kernels, and under ``PROFILED`` those of the whole step."""
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            whole = _take(self.training, self.epochs)[1]
        spent = {PROFILED: 1000 * whole / self.steps, **dict.fromkeys(GROUPS, 0.0)}
        for entry in profiler.key_averages():
            group = next((name for name, pattern in GROUPS.items() if pattern.match(entry.key)), None)
            if group:
                spent[group] += entry.self_cpu_time_total / 1000 / self.steps
        return spent


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _take(training: Iterator[EpochEnd], epochs: int) -> tuple[float, float]:
    """Train some epochs; return the seconds of training alone and those with evaluation."""
    began = time.perf_counter()
    training_alone = sum(event.lanes[0].seconds for event in islice(training, epochs))
    return training_alone, time.perf_counter() - began


def measure(data_root: str, networks: list[str], repeats: int, images: int | None) -> dict[str, Any]:
    """Return what is known of every network, on as many threads as this process may use."""
    keep_memory()  # as a job does
    with tempfile.TemporaryDirectory() as home:
        study = StudyContext(Store(home), Path(data_root), "cpu")
        benches = {name: bench_of(name, study, images) for name in networks}
    trainings = {name: bench.training((repeats + 1) * bench.epochs) for name, bench in benches.items()}
    looks: dict[str, Look] = {}
    for name, bench in benches.items():
        torch.set_num_threads(bench.speed.threads)
        looks[name] = Look(bench, repeats)
        _take(trainings[name], bench.epochs)
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in networks}
    for _, (name, bench) in product(range(repeats), benches.items()):
        torch.set_num_threads(bench.speed.threads)
        rates = {dtype: product_rate(getattr(torch, dtype)) for dtype in {"float32", *looks[name].dtypes}}
        alone, evaluated = (seconds / bench.steps / bench.epochs for seconds in _take(trainings[name], bench.epochs))
        rounds[name].append({**rates, **looks[name].kernels(), "alone": alone, "evaluated": evaluated})
    return {name: results(bench, sorted(looks[name].dtypes), rounds[name]) for name, bench in benches.items()}


def results(bench: Bench, used: list[str], rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Return one network's rates, fractions and breakdown."""
    flop = flop_per_step(bench)
    found: dict[str, Any] = {**flop, "steps_per_epoch": bench.steps, **vars(bench.speed), "products_computed_in": used}
    dtypes = sorted({"float32", *used})
    for dtype in dtypes:
        found[f"{dtype}_product_gflops"] = told([one[dtype] / 1e9 for one in rounds])
    for kind in ("alone", "evaluated"):
        found[f"{kind}_ms_per_step"] = told([1000 * one[kind] for one in rounds])
        found[f"{kind}_gflops"] = told([flop["flop_per_step"] / one[kind] / 1e9 for one in rounds])
        for dtype in dtypes:
            fractions = [flop["flop_per_step"] / one[kind] / one[dtype] for one in rounds]
            found[f"{kind}_fraction_of_{dtype}_product"] = told(fractions)
    step = found["alone_ms_per_step"]["median"]
    parts = {group: statistics.median(one[group] for one in rounds) for group in GROUPS}
    parts[OVERHEAD] = step - sum(parts.values())
    found["where_a_step_goes"] = {name: {"ms": digits(ms), "share": digits(ms / step)} for name, ms in parts.items()}
    found["profiled_ms_per_step"] = told([one[PROFILED] for one in rounds])
    return found


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--images", type=int, help="train MNIST's networks on so many only, for a quick trial")
    asked = parser.parse_args()
    shared = {"data_root": str(asked.data_root), "networks": asked.networks, "images": asked.images}
    shared["repeats"] = asked.repeats
    found = {}
    for threads in asked.threads:
        print(f"{threads} threads ...", file=sys.stderr)
        found[threads] = apart("benchmarks.roofline:measure", shared, threads)
    print(json.dumps({**machine(), "product": [SIDE] * 3, "repeats": asked.repeats, "threads": found}, indent=1))


if __name__ == "__main__":
    main()
