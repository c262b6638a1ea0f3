"""Lanes: what 1, 8, 64 and 256 students cost as lanes of one loop, on digits and on MNIST.

``python -m benchmarks.lanes [--presets digits mnist-mlp] [--counts 1 8 64] [--epochs 3] [--data-root DIR]``
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

SEEDS = 4
"""Lanes are seeds by settings: 8 lanes are 4 seeds of 2 temperatures."""
COUNTS = (1, 8, 64, 256)


def main() -> None:
    """Measure in fresh processes, the counts in turn, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, default=os.environ.get("KD_DATA"), help="where MNIST lies (KD_DATA)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--presets", nargs="+", default=["digits", "mnist-mlp"])
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS))
    parser.add_argument("--images", type=int, help="labelled images of the student; the preset's own by default")
    parser.add_argument("--epochs", type=int, default=1, help="of MNIST's students; digits' go to their end")
    parser.add_argument("--one", nargs=2, metavar=("PRESET", "LANES"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one[0], int(asked.one[1]), asked.data_root, asked.images, asked.epochs)))
        return
    print(json.dumps({preset: measured(preset, asked) for preset in asked.presets}, indent=1))


def measured(preset: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Return by number of lanes the medians over repeats, and what they mean per student."""
    samples: dict[int, list[dict[str, float]]] = {count: [] for count in asked.counts}
    for _ in range(asked.repeats):
        for count in asked.counts:  # in turn: a busy moment meets all alike
            samples[count].append(_in_a_process(preset, count, asked))
            print(f"{preset}: {count} lanes, {samples[count][-1]['seconds']:.2f} s", file=sys.stderr)
    rows = {}
    alone = median(row["seconds"] for row in samples[asked.counts[0]])
    for count, found in samples.items():
        seconds = median(row["seconds"] for row in found)
        rows[count] = {
            "seconds": seconds,
            "times_one": seconds / alone,
            "seconds_per_student": seconds / count,
            "seconds_per_student_and_epoch": seconds / count / found[0]["epochs"],
            "training_seconds": median(row["training"] for row in found),
            "peak_bytes": median(row["peak_bytes"] for row in found),
            "lanes_at_once": found[0]["lanes"],
            "accuracy": median(row["accuracy"] for row in found),
            "samples": [row["seconds"] for row in found],
        }
    return {"threads": asked.threads, "repeats": asked.repeats, "by_lanes": rows}


def one(preset: str, lanes: int, data_root: Path, images: int | None, students_epochs: int) -> dict[str, float]:
    """Train ``lanes`` students as a sweep into a fresh store, all writing included; their teachers are there before."""
    from kd_core.experiments import run_study
    from kd_core.recipe import PRESETS, Member, Study
    from kd_core.store import Store

    recipe = PRESETS[preset].recipe
    if preset != "digits":
        recipe = recipe.changed({"optim.epochs": students_epochs, "teacher.optim.epochs": 1})
    if images:
        recipe = recipe.changed({"data.labelled": images})
    seeds = min(SEEDS, lanes)
    temperatures = [1 + index / 2 for index in range(lanes // seeds)]
    students = [recipe.changed({"method.temperature": t}).seeded(seed) for seed in range(seeds) for t in temperatures]
    with tempfile.TemporaryDirectory() as home:
        store = Store(home)
        # A teacher need not be good to cost the same; what is measured begins when it is there.
        short = [_without_epochs(student.teacher) for student in students[:: len(temperatures)]]
        teachers = Study(members=tuple(Member(arm="teacher", seed=one.seed, recipe=one) for one in short))
        run_study(store, store.studies.add(teachers), data_root=data_root)
        taught = [student.model_copy(update={"teacher": _without_epochs(student.teacher)}) for student in students]
        members = tuple(Member(arm="distilled", seed=one.seed, recipe=one) for one in taught)
        study = store.studies.add(Study(kind="sweep", members=members))
        began = time.time()
        run_study(store, study, data_root=data_root)
        took = time.time() - began
        runs = list(store.studies.runs_of(study).values())
        assert all(run.status == "done" for run in runs), {run.status for run in runs}
        epochs = store.runs.epochs([run.id for run in runs])
        accuracy = [row.scores["test"]["accuracy"] or 0.0 for row in epochs if row.epoch == runs[0].epochs - 1]
        return {
            "seconds": took,
            "training": sum(run.seconds for run in runs),
            "epochs": runs[0].epochs,
            "lanes": (runs[0].execution or {})["lanes"],
            "peak_bytes": _peak_bytes(),
            "accuracy": sum(accuracy) / len(accuracy),
        }


def _without_epochs(teacher: Any) -> Any:
    return teacher.changed({"optim.epochs": 1})


def _peak_bytes() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _in_a_process(preset: str, lanes: int, asked: argparse.Namespace) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.lanes",
        "--one",
        preset,
        str(lanes),
        "--data-root",
        str(asked.data_root),
        "--epochs",
        str(asked.epochs),
    ]
    command += ["--images", str(asked.images)] if asked.images else []
    affinity = sorted(os.sched_getaffinity(0))[: asked.threads] if hasattr(os, "sched_getaffinity") else []

    def held_to_cores() -> None:
        if affinity:
            os.sched_setaffinity(0, affinity)

    environment = os.environ | {"OMP_NUM_THREADS": str(asked.threads)}
    told = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, preexec_fn=held_to_cores
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


if __name__ == "__main__":
    main()
