"""The context of a study: data, fresh and trained networks, and the device, loaded once and used by many runs."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import torch

from kd_core.compute import PLAIN, StepPlan, chosen_device, device_line, fastest, macs, time_plans
from kd_core.datasets import LoadedDataset, Split, Splits, prepare, target_classes
from kd_core.errors import Reason, WeightsMissing
from kd_core.functional import seeded
from kd_core.networks import Network
from kd_core.recipe import Recipe, given_weights
from kd_core.store import Store

SMALL_STEP_MACS = 40_000_000
PROBE_DAYS = 7
"""After this a probe is taken again: a machine that was busy then may be idle now."""


class StudyContext:
    """What the runs of a study share.

    Args:
        store: where trained networks are found.
        data_root: the folder in which torchvision sets lie.
        device: "auto", "cpu", "cuda" or "mps".
        precision: "auto", or "float32" to leave number formats that are faster but coarser alone.
        study: whose activity line is told of a download; None tells nobody.
    """

    def __init__(
        self, store: Store, data_root: Path, device: str = "auto", precision: str = "auto", study: str | None = None
    ) -> None:
        self.store, self.data_root, self.precision, self.study = store, data_root, precision, study
        self.device = chosen_device(device)
        self.device_name = device_line()
        self._datasets: dict[str, LoadedDataset] = {}
        self._splits: dict[str, Splits] = {}
        self._tests: dict[str, Split] = {}

    def dataset(self, recipe: Recipe) -> LoadedDataset:
        """Return the recipe's dataset, loaded once; its test images go into the store for the pages."""
        key = recipe.data.source.fingerprint()
        if key not in self._datasets:
            self._datasets[key] = dataset = recipe.data.source.load(self.data_root, self._report)
            test = {"images": dataset.test.images.numpy(), "labels": dataset.test.labels.numpy()}
            facts = {
                "classes": dataset.test.classes,
                "label": recipe.data.source.label,
                "skipped": dataset.skipped,
                "left_out": dict(dataset.left_out),
            }
            self.store.files.save_source(key, test, facts)
            self._report("", 1.0)
        return self._datasets[key]

    def splits(self, recipe: Recipe) -> Splits:
        """Return train, validation and test as the recipe sees them, on the device."""
        key = f"{recipe.data.fingerprint()}/{recipe.seed}"
        if key not in self._splits:
            splits = prepare(recipe.data, self.dataset(recipe), recipe.seed)
            source = f"{recipe.data.source.fingerprint()}/{recipe.data.question}"
            if source not in self._tests:  # the same for all seeds
                self._tests[source] = _moved(splits.test, self.device).normalised_once()
            train, validation = (
                _moved(split, self.device).normalised_once() for split in (splits.train, splits.validation)
            )
            self._splits[key] = Splits(train, validation, self._tests[source])
        return self._splits[key]

    def forget_splits(self) -> None:
        """Let go of one seed's splits before the next seed begins."""
        self._splits.clear()

    def fresh_network(self, recipe: Recipe) -> Network:
        """Return a fresh network of the recipe, on the device."""
        train = self.dataset(recipe).train
        classes = target_classes(train.classes, recipe.data.question)
        with seeded(recipe.seed, "initialisation"):
            return recipe.build(train.shape, len(classes)).to(self.device)

    def given_weights(self, recipe: Recipe) -> dict[str, torch.Tensor]:
        """Return the weights that a recipe takes from a file, by name.

        Raises:
            UploadRefused: the file has changed, or belongs to another network.
        """
        assert recipe.given_weights is not None
        train = self.dataset(recipe).train
        weights = given_weights(recipe.given_weights, recipe.student, train.shape, len(train.classes))
        return {name: torch.from_numpy(values.copy()) for name, values in weights.items()}

    def trained_network(self, recipe: Recipe, run: str | None = None) -> Network:
        """Return the trained network of a recipe in evaluation mode, from ``run`` or its newest finished run.

        Raises:
            WeightsMissing: it has not been trained to its end.
        """
        trained = run or self.store.runs.finished(recipe.fingerprint())
        weights = self.store.files.weights(trained) if trained else None
        if weights is None:
            raise WeightsMissing(
                id=trained or recipe.fingerprint(), status=Reason("untrained", "it was not trained to its end")
            )
        network = self.fresh_network(recipe)
        network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
        return network.eval()

    def step_plan(self, recipe: Recipe) -> StepPlan:
        """Return how to take a step of a recipe's network here: measured once, then kept in the store.

        A step so small that it is mostly calls is taken in the plain way, without asking.
        """
        shape = self.dataset(recipe).train.shape
        per_image = macs(self.fresh_network(recipe), shape)
        if per_image * recipe.optim.batch < SMALL_STEP_MACS:
            return PLAIN
        asked = [recipe.student.to_json(), shape, recipe.optim.batch, self.device_name, torch.__version__]
        name = f"speed-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}"
        measured = self.store.fact(name)
        if measured is None or time.time() - measured["measured"] > PROBE_DAYS * 86400:
            self._report("probing", 0.0)
            timed = time_plans(self.fresh_network(recipe), shape, recipe.optim.batch, self.device, per_image)
            measured = {"measured": time.time(), "ways": [{**vars(plan), "seconds": took} for plan, took in timed]}
            self.store.set_fact(name, measured)
            self._report("", 1.0)
        plans = [
            (StepPlan(way["threads"], way["dtype"], way["channels_last"]), way["seconds"]) for way in measured["ways"]
        ]
        if self.precision == "float32":
            plans = [(plan, took) for plan, took in plans if plan.dtype == "float32"]
        return fastest(plans)

    def _report(self, what: str, done: float) -> None:
        if self.study is not None:
            self.store.studies.update(self.study, activity={"what": what, "done": done} if what else None)


def _moved(split: Split, device: torch.device) -> Split:
    extra = {name: values.to(device) for name, values in split.extra.items()}
    return Split(split.images.to(device), split.labels.to(device), split.classes, split.mean, split.sd, extra)
