"""Workshop: the data, the trained networks and the device that the runs of a study share."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from kd_core.compute import (
    PLAIN,
    Speed,
    chosen_device,
    cost,
    describe_execution,
    device_line,
    fastest,
    probed,
    suggested_threads,
)
from kd_core.datasets import LoadedDataset, Split, Splits, prepare, target_classes
from kd_core.errors import WeightsMissing
from kd_core.functional import seeded
from kd_core.networks import Network
from kd_core.recipe import Recipe
from kd_core.store import Store
from kd_core.training import TeacherOutputs, build_auxiliary, can_cache_teacher, judged, predict_logits, predict_outputs
from kd_core.training.lanes import MEMORY_BYTES, activations_per_image, bytes_of_lane, why_solo

SMALL_STEP_MACS = 40_000_000
PROBE_DAYS = 7
"""After this a probe is taken again: a machine that was busy then may be idle now."""


class Workshop:
    """What is loaded once and used by many runs.

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
        self.sources: dict[str, LoadedDataset] = {}
        self.cut: dict[str, Splits] = {}
        self.tests: dict[str, Split] = {}
        self.teachers: dict[str, Network] = {}
        self.said: dict[str, TeacherOutputs] = {}

    def source(self, recipe: Recipe) -> LoadedDataset:
        """Return the recipe's dataset, loaded once; its test images go into the store for the pages."""
        key = recipe.data.source.fingerprint()
        if key not in self.sources:
            self.sources[key] = source = recipe.data.source.load(self.data_root, self._report)
            test = {"images": source.test.images.numpy(), "labels": source.test.labels.numpy()}
            facts = {"classes": source.test.classes, "label": recipe.data.source.label, "skipped": source.skipped}
            self.store.files.save_source(key, test, facts)
            self._report("", 1.0)
        return self.sources[key]

    def splits(self, recipe: Recipe) -> Splits:
        """Return train, validation and test as the recipe sees them, on the device."""
        key = f"{recipe.data.fingerprint()}/{recipe.seed}"
        if key not in self.cut:
            splits = prepare(recipe.data, self.source(recipe), recipe.seed)
            source = f"{recipe.data.source.fingerprint()}/{recipe.data.question}"
            if source not in self.tests:  # the same for all seeds
                self.tests[source] = _moved(splits.test, self.device).normalised_once()
            train, validation = (
                _moved(part, self.device).normalised_once() for part in (splits.train, splits.validation)
            )
            self.cut[key] = Splits(train, validation, self.tests[source])
        return self.cut[key]

    def forget(self) -> None:
        """Let go of one seed's splits and teachers before the next seed begins."""
        self.cut.clear()
        self.teachers.clear()
        self.said.clear()

    def network(self, recipe: Recipe) -> Network:
        """Return a fresh network of the recipe, on the device."""
        train = self.source(recipe).train
        classes = target_classes(train.classes, recipe.data.question)
        with seeded(recipe.seed, "initialisation"):
            return recipe.build(train.shape, len(classes)).to(self.device)

    def trained(self, recipe: Recipe, run: str | None = None) -> Network:
        """Return the trained network of a recipe in evaluation mode, from ``run`` or its newest finished run.

        Raises:
            WeightsMissing: it has not been trained to its end.
        """
        found = run or self.store.runs.finished(recipe.fingerprint())
        weights = self.store.files.weights(found) if found else None
        if weights is None:
            raise WeightsMissing(id=found or recipe.fingerprint(), status="it was not trained to its end")
        network = self.network(recipe)
        network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
        return network.eval()

    def teacher(self, recipe: Recipe) -> Network | None:
        """Return the trained teacher of a recipe, loaded once."""
        if recipe.teacher is None:
            return None
        key = recipe.teacher.fingerprint()
        if key not in self.teachers:
            # Convolutions answer two to three times as fast with this layout; other layers do not know of it.
            self.teachers[key] = self.trained(recipe.teacher).to(memory_format=torch.channels_last)
        return self.teachers[key]

    def heard(self, recipe: Recipe) -> TeacherOutputs | None:
        """Return what a recipe's teacher says about its splits; it is asked once for all students who see the same."""
        teacher = self.teacher(recipe)
        if recipe.teacher is None or teacher is None:
            return None
        clean = recipe.changed({"data.label_noise": 0.0})
        once = can_cache_teacher(recipe)
        key = f"{recipe.teacher.fingerprint()}/{clean.data.fingerprint()}/{recipe.seed}/{once}"
        if key not in self.said:
            splits, macs = self.splits(clean), cost(self.network(recipe.teacher), self.source(recipe).train.shape).macs
            speed = self.speed(recipe.teacher, macs)
            torch.set_num_threads(speed.threads)
            told = self._judged_before(recipe, teacher, splits)
            self.said[key] = TeacherOutputs(predict_outputs(teacher, splits.train, speed=speed) if once else None, told)
        return self.said[key]

    def _judged_before(self, recipe: Recipe, teacher: Network, splits: Splits) -> dict[str, torch.Tensor]:
        """Return what a teacher says about validation and test: its own run has told it, or it is asked now.

        Which images are validation depends on the seed; the test split never varies.
        """
        run = self.store.runs.finished(recipe.teacher.fingerprint()) if recipe.teacher else None
        epoch = self.store.runs.get(run).reported_epoch if run else None
        same_cut = recipe.teacher is not None and recipe.teacher.seed == recipe.seed
        told = {}
        for part, split in judged(splits).items():
            known = part == "test" or same_cut
            kept = self.store.files.logits(run, epoch, part) if known and run and epoch is not None else None
            told[part] = predict_logits(teacher, split).cpu() if kept is None else torch.from_numpy(kept)
        return told

    def describe(self, runs: Sequence[str], recipe: Recipe, group: str) -> Speed:
        """Tell the store what runs of one loop cost, see and are carried out on; return how to take a step.

        Args:
            runs: by lane.
            recipe: of one of them; the others differ from it in what lanes may differ in.
            group: their lane group; empty for a single run.
        """
        costs = cost(self.network(recipe), self.source(recipe).train.shape)
        if group:
            speed = replace(PLAIN, threads=suggested_threads(costs.macs * len(runs), recipe.optim.batch))
        else:
            speed = self.speed(recipe, costs.macs)
        lanes = {"lanes": len(runs), "group": group, "why_alone": why_solo(recipe)}
        record = describe_execution(self.device, self.device_name, **vars(speed), **lanes)
        key = recipe.data.source.fingerprint()
        labels = int((self.splits(recipe).train.labels >= 0).sum())
        told = {**vars(costs), "labels": labels, "extra_parameters": self._extra_parameters(recipe)}
        self.store.runs.update(*runs, cost=told, execution=record.to_json(), source=key)
        return speed

    def _extra_parameters(self, recipe: Recipe) -> int:
        """Return how many numbers a method's bridge learns beside the student."""
        if not recipe.method.needs:
            return 0
        few = self.source(recipe).train.subset(torch.arange(2)).normalised().to(self.device)
        auxiliary = build_auxiliary(recipe.method, self.network(recipe), self.teacher(recipe), few)
        return sum(one.numel() for one in auxiliary.parameters()) if auxiliary is not None else 0

    def speed(self, recipe: Recipe, macs: int) -> Speed:
        """Return how to take a step of a recipe's network here: measured once, then kept in the store.

        A step so small that it is mostly calls is taken in the plain way, without asking.

        Args:
            recipe: whose network and batch.
            macs: of one image.
        """
        if macs * recipe.optim.batch < SMALL_STEP_MACS:
            return PLAIN
        shape = self.source(recipe).train.shape
        told = [recipe.student.to_json(), shape, recipe.optim.batch, self.device_name, torch.__version__]
        name = f"speed-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]}"
        known = self.store.fact(name)
        if known is None or time.time() - known["measured"] > PROBE_DAYS * 86400:
            self._report("probing", 0.0)
            found = probed(self.network(recipe), shape, recipe.optim.batch, self.device, macs)
            known = {"measured": time.time(), "ways": [{**vars(way), "seconds": seconds} for way, seconds in found]}
            self.store.set_fact(name, known)
            self._report("", 1.0)
        ways = [(Speed(way["threads"], way["dtype"], way["channels_last"]), way["seconds"]) for way in known["ways"]]
        if self.precision == "float32":
            ways = [(way, seconds) for way, seconds in ways if way.dtype == "float32"]
        return fastest(ways)

    def bytes_of_lane(self, recipe: Recipe) -> int:
        """Return about how many bytes one lane of a recipe needs."""
        source, network = self.source(recipe), self.network(recipe)
        judged = len(source.test) + (len(source.validation) if source.validation is not None else source.cut)
        made = activations_per_image(network, source.train)
        parameters = sum(one.numel() for one in network.parameters())
        return bytes_of_lane(parameters, made, recipe.optim.batch, judged, len(source.train.classes))

    def seeds_at_once(self, recipe: Recipe, budget: int = MEMORY_BYTES) -> int:
        """Return for how many seeds the images fit into the memory budget, as they look and normalised."""
        return max(1, budget // (5 * self.source(recipe).train.images.nbytes))

    def _report(self, what: str, done: float) -> None:
        if self.study is not None:
            self.store.studies.update(self.study, activity={"what": what, "done": done} if what else None)


def _moved(split: Split, device: torch.device) -> Split:
    extra = {name: values.to(device) for name, values in split.extra.items()}
    return Split(split.images.to(device), split.labels.to(device), split.classes, split.mean, split.sd, extra)
