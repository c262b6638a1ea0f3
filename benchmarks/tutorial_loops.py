"""The loops of the source documents against ours: ``python -m benchmarks.tutorial_loops [--epochs 1] [--threads 1 2]``.

The source's side is what a tutorial writes: torchvision dataset with transforms, ``DataLoader``, the teacher's forward
pass in every step, float32, ``optim.Adam``, an evaluation on the test set after every epoch and a line in a CSV file.
Ours is a study that ``run_study`` carries out in a store of its own: losses, scores, logits and weights are written.
Both have the same networks, images, settings and trained teacher, and take turns (source, ours, source, ours), each
time in a fresh process that has the given number of cores and threads.

Seconds begin with the dataset in memory and end with the results on disk. Imports, reading the dataset, the source's
loading of the teacher and one step of a tiny network come before; whatever else is to be made ready is inside.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from benchmarks.harness import apart, carried_out, compared_seconds, machine, parser_of, told, warm_torch
from kd_core import PRESETS, Recipe, Store, Study
from kd_core.datasets import prepare
from kd_core.recipe import Member
from kd_core.vocabulary import Arm

CALLS = "benchmarks.tutorial_loops"
SIDES = {"source": "source_seconds", "ours": "our_seconds"}
TEST_BATCH = 1000
JOBS: dict[str, tuple[str, Arm]] = {
    "mlp-student": ("mnist-mlp", "distilled"),
    "conv-student": ("mnist-cnn", "distilled"),
    "conv-teacher": ("mnist-cnn", "teacher"),
}
"""By name the preset and its arm that is trained."""


class Work(NamedTuple):
    """What one measurement is about.

    Args:
        job: one of ``JOBS``.
        data_root: where torchvision sets lie.
        home: a store in which ``train_teacher`` has trained the teacher; for the source's side "" means an untrained
            one, which costs as much and has nothing to teach.
        epochs: how many.
        images: of the training set; None for all that the preset's split leaves.
        teacher_epochs: how long the teacher in ``home`` was trained.
        seed: of initialisation, batch order and split; the teacher's is 0.
    """

    job: str
    data_root: str
    home: str = ""
    epochs: int = 1
    images: int | None = None
    teacher_epochs: int = 1
    seed: int = 0

    def recipe(self) -> Recipe:
        """Return what is trained."""
        preset, arm = JOBS[self.job]
        distilled = PRESETS[preset].recipe
        recipe = distilled.teacher if arm == "teacher" and distilled.teacher else distilled
        few = {} if self.images is None else {"data.labelled": self.images}
        changes: dict[str, Any] = {"optim.epochs": self.epochs, "seed": self.seed, **few}
        if recipe.teacher is not None:
            changes |= {f"teacher.{path}": value for path, value in few.items()}
            changes["teacher.optim.epochs"] = self.teacher_epochs
        return recipe.changed(changes)


class MLP(nn.Module):
    """784-width-width-10 with dropout after each hidden layer."""

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, 10)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(F.relu(self.fc1(x.flatten(1))))
        x = self.dropout(F.relu(self.fc2(x)))
        return self.fc3(x)


class CNN(nn.Module):
    """Two blocks of convolution and pooling, then one fully connected layer."""

    def __init__(self, first: int, second: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, first, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(first, second, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(second * 7 * 7, width)
        self.fc2 = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def source_networks(preset: str) -> tuple[nn.Module, nn.Module]:
    """Return the source's student and teacher, untrained."""
    if preset == "mnist-mlp":
        return MLP(20), MLP(1200, dropout=0.8)
    return CNN(16, 32, 64), CNN(32, 64, 128)


def train_one_epoch(
    model: nn.Module,
    teacher: nn.Module | None,
    loader: DataLoader[Any],
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
) -> float:
    """Train one epoch, by labels only without a teacher; return the mean loss."""
    method: Any = recipe.method
    criterion = nn.CrossEntropyLoss()
    # The document of "mnist-mlp" left PyTorch's default, which averages over classes too.
    distill = nn.KLDivLoss(reduction="mean" if getattr(method, "mean_over_classes", False) else "batchmean")
    model.train()
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        if teacher is not None:
            with torch.no_grad():
                teacher_outputs = teacher(images)
            T, weight = method.temperature, method.teacher_weight
            soft = distill(F.log_softmax(outputs / T, dim=1), F.softmax(teacher_outputs / T, dim=1)) * T * T
            loss = (1 - weight) * loss + weight * soft
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def evaluate(model: nn.Module, loader: DataLoader[Any]) -> float:
    """Return the accuracy, a fraction."""
    model.eval()
    correct = count = 0
    with torch.no_grad():
        for images, labels in loader:
            correct += (model(images).argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return correct / count


def source_seconds(**asked: Any) -> dict[str, Any]:
    """Train as the source documents do, in this process; the arguments are those of ``Work``."""
    work = Work(**asked)
    recipe = work.recipe()
    chosen = _training_images(recipe, Path(work.data_root))
    source: Any = recipe.data.source
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(source.mean, source.sd)])
    train_set = Subset(datasets.MNIST(work.data_root, train=True, transform=transform), chosen)
    test_set = datasets.MNIST(work.data_root, train=False, transform=transform)
    torch.manual_seed(work.seed)
    student, teacher = source_networks(JOBS[work.job][0])
    model, teacher = (teacher, None) if recipe.teacher is None else (student, _trained(teacher, recipe.teacher, work))
    warm_torch()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        train_loader = DataLoader(train_set, batch_size=recipe.optim.batch, shuffle=True)
        test_loader = DataLoader(test_set, batch_size=TEST_BATCH)
        optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optim.lr)
        for epoch in range(work.epochs):
            loss = train_one_epoch(model, teacher, train_loader, optimizer, recipe)
            accuracy = evaluate(model, test_loader)
            with (Path(folder) / "results.csv").open("a", newline="") as file:
                csv.writer(file).writerow([epoch + 1, loss, accuracy])
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "accuracy": accuracy, "images": len(chosen)}


def our_seconds(**asked: Any) -> dict[str, Any]:
    """Train the same as a study in a fresh store that knows the trained teacher, in this process."""
    work = Work(**asked)
    recipe = work.recipe()
    teacher = [] if recipe.teacher is None else [Member(arm="teacher", recipe=recipe.teacher)]
    study = Study(members=(*teacher, Member(arm=JOBS[work.job][1], recipe=recipe)))
    warm_torch()
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "store"
        if recipe.teacher is not None:
            shutil.copytree(work.home, fresh)
        store = Store(fresh)
        carried = carried_out(store, study, Path(work.data_root))
        (run,) = carried.runs
        accuracy = store.runs.epochs([run.id])[-1].scores["test"]["accuracy"]
        store.close()
    return {
        "seconds": carried.seconds,
        "accuracy": accuracy,
        "images": (run.cost or {})["labels"],
        "whole_seconds": carried.whole_seconds,
        "training_seconds": run.seconds,
        "execution": run.execution,
    }


def train_teacher(**asked: Any) -> dict[str, Any]:
    """Train the teacher in its store, in this process."""
    work = Work(**asked)
    recipe = work.recipe().teacher
    if recipe is None:
        return {}
    store = Store(work.home)
    (run,) = carried_out(store, Study(members=(Member(arm="teacher", recipe=recipe),)), Path(work.data_root)).runs
    accuracy = store.runs.epochs([run.id])[-1].scores["test"]["accuracy"]
    store.close()
    return {"epochs": work.teacher_epochs, "accuracy": accuracy}


def _training_images(recipe: Recipe, data_root: Path) -> list[int]:
    """Return which images of the training set our split trains on."""
    source = recipe.data.source.load(data_root)
    numbers = torch.arange(len(source.train)).reshape(-1, 1, 1, 1)
    numbered = replace(source, train=replace(source.train, images=numbers))
    return prepare(recipe.data, numbered, recipe.seed).train.images.flatten().tolist()


def _trained(teacher: nn.Module, recipe: Recipe, work: Work) -> nn.Module:
    """Return the source's teacher in evaluation mode, with the weights that ours was trained to, layer by layer."""
    if work.home:
        store = Store(work.home)
        kept = store.files.weights(store.runs.finished(recipe.fingerprint()) or "") or {}
        store.close()
        ours = recipe.student.build((1, 28, 28), 10).state_dict()  # in the order of the layers, as the source's
        names = zip(teacher.state_dict(), ours, strict=True)
        teacher.load_state_dict({name: torch.from_numpy(kept[our]) for name, our in names})
    return teacher.eval()


def measure(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return what is known of every job; sides take turns, then thread counts, then jobs."""
    shared = {"data_root": str(asked.data_root), "images": asked.images, "teacher_epochs": asked.teacher_epochs}
    works = {job: {"job": job, "home": str(folder / job), **shared} for job in asked.jobs}
    teachers = {job: apart(f"{CALLS}:train_teacher", works[job], max(asked.threads)) for job in asked.jobs}
    samples: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for repeat, job, threads, side in product(range(asked.repeats), asked.jobs, asked.threads, SIDES):
        work = {**works[job], "epochs": asked.epochs, "seed": repeat}
        found = apart(f"{CALLS}:{SIDES[side]}", work, threads)
        samples.setdefault((job, threads, side), []).append(found)
        print(f"{job}, {threads} threads, {side}: {found['seconds']:.2f} s", file=sys.stderr)
    return {
        job: {
            "teacher": teachers[job] or None,
            "threads": {n: against(samples[job, n, "source"], samples[job, n, "ours"]) for n in asked.threads},
        }
        for job in asked.jobs
    }


def against(source: Sequence[dict[str, Any]], ours: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return both sides' seconds, how many times faster ours was, and both sides' test accuracy by repeat."""
    return {
        "images": ours[0]["images"],
        **compared_seconds([one["seconds"] for one in source], [one["seconds"] for one in ours]),
        "accuracy": {"source": [one["accuracy"] for one in source], "ours": [one["accuracy"] for one in ours]},
        "ours_whole_study_seconds": told([one["whole_seconds"] for one in ours]),
        "ours_training_alone_seconds": told([one["training_seconds"] for one in ours]),
        "ours_execution": ours[0]["execution"],
    }


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--teacher-epochs", type=int, default=1, help="of the teacher that both sides listen to")
    parser.add_argument("--images", type=int, help="train on so many only, for a quick trial; the test set stays whole")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jobs = measure(asked, Path(folder))
    asked_for = {"epochs": asked.epochs, "repeats": asked.repeats, "timed": "results on disk, dataset in memory before"}
    print(json.dumps({**machine(), **asked_for, "jobs": jobs}, indent=1))


if __name__ == "__main__":
    main()
