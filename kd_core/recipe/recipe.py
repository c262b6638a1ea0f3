"""Recipe: everything that decides a result, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from kd_core.datasets import DATASETS, Conditions, Dataset
from kd_core.errors import FeatureMissing, InvalidSetting, Reason, RecipeMismatch, TeacherMissing, nearest_hint
from kd_core.methods import METHODS, Method
from kd_core.methods.labels_only import LabelsOnly
from kd_core.networks import NETWORKS, Architecture, Network, Shape
from kd_core.protocols import PROTOCOLS, Protocol
from kd_core.protocols.offline import Offline
from kd_core.recipe.given import GivenFile, GivenLogits, check_given
from kd_core.recipe.optim import Optim
from kd_core.recipe.schedules import AnySchedule
from kd_core.settings import ExtensibleSettings, Settings, lane_fields, name_of, setting

if TYPE_CHECKING:
    AnyDataset: TypeAlias = Dataset
    AnyNetwork: TypeAlias = Architecture
    AnyMethod: TypeAlias = Method
    AnyProtocol: TypeAlias = Protocol
else:
    AnyDataset, AnyNetwork = DATASETS.union(), NETWORKS.union()
    AnyMethod, AnyProtocol = METHODS.union(), PROTOCOLS.union()


class Data(Conditions):
    """What a network may learn from: a dataset, and how much of it, how clean."""

    source: AnyDataset


def _without_none(values: Any) -> Any:
    return {name: value for name, value in values.items() if value is not None} if isinstance(values, dict) else values


class Recipe(ExtensibleSettings):
    """Everything that decides a result.

    Args:
        student: the network that this recipe trains; a teacher's recipe trains the teacher.
        schedules: by the name of a method's setting, how it moves over the epochs.
        teacher: the recipe of the network that teaches, if any.
        others: further networks, for protocols that arrange more than two: teachers, assistants, peers, clients.
        given_weights: of a teacher's recipe, the file that its weights come from; then it is not trained.
        given_logits: of a teacher's recipe, what it says about the training images; then there is no network.
        fork: the recipe that this one leaves in mid-run, if any.
    """

    added_later: ClassVar[frozenset[str]] = frozenset({"others", "start", "given_weights", "given_logits", "fork"})

    data: Data
    student: AnyNetwork
    method: AnyMethod = LabelsOnly()
    protocol: AnyProtocol = Offline()
    schedules: Annotated[dict[str, AnySchedule], BeforeValidator(_without_none)] = Field(default_factory=dict)
    optim: Optim = Optim()
    teacher: Recipe | None = None
    others: tuple[AnyNetwork, ...] = ()
    start: Literal["scratch", "teacher", "teacher_but_batch_norm"] = setting(
        "scratch",
        title="First weights",
        description="Drawn at random, or copied from the teacher wherever a layer has the same name and size; with or "
        "without the teacher's batch norm.",
    )
    given_weights: GivenFile | None = setting(
        None,
        title="Weights from a file",
        description="A safetensors file with this network's weights, which then is not trained.",
    )
    given_logits: GivenLogits | None = setting(
        None,
        title="Logits from a file",
        description="A CSV, NPZ or safetensors file with what any network says about every training image, validation "
        "among them, in their order or by a column 'index'; then no teacher is trained.",
    )
    seed: int = setting(0, title="Seed", ge=0, le=2**31)
    fork: Fork | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        self._check_schedules()
        self._check_protocol()
        if self.method.needs_teacher and self.protocol.needs_teacher:
            if self.teacher is None:
                raise TeacherMissing(method=name_of(self.method))
            if self.teacher.data.source != self.data.source:
                words = "Teacher and student must look at the same dataset, normalised alike."
                raise RecipeMismatch(reason=Reason("other_dataset", words))
            if self.teacher.given_logits is None:
                self._check_features(self.teacher.student)
        self._check_features(self.student)
        check_given(self)
        if self.optim.lr_of_teacher is not None and self.teacher is not None:
            self._check_rate(self.optim.lr_of_teacher * self.teacher.with_resolved_lr().optim.lr)
        if self.start != "scratch" and self.teacher is None:
            words = "The student is to begin with its teacher's layers, but there is no teacher."
            raise RecipeMismatch(reason=Reason("no_teacher_to_copy", words))
        if self.fork is not None:
            self.fork.check(self)
        return self

    def _check_rate(self, rate: float) -> None:
        try:
            self.optim.changed({"lr": rate})
        except InvalidSetting as error:
            words = "with the teacher's rate that makes {rate}, which is out of range."
            reason = Reason("rate_out_of_range", words, rate=f"{rate:g}")
            raise InvalidSetting(path="optim.lr_of_teacher", value=self.optim.lr_of_teacher, reason=reason) from error

    def _check_protocol(self) -> None:
        protocol, method = name_of(self.protocol), name_of(self.method)
        if self.protocol.needs_teacher_term and not self.method.needs_teacher:
            words = (
                "The protocol '{protocol}' passes on what networks say, and the method '{method}' listens to nobody."
            )
            raise RecipeMismatch(reason=Reason("nobody_listens", words, protocol=protocol, method=method))
        if self.protocol.logits_only and self.method.needs:
            words = "The protocol '{protocol}' passes on logits alone, and the method '{method}' compares features."
            raise RecipeMismatch(reason=Reason("logits_alone", words, protocol=protocol, method=method))
        if self.start != "scratch" and not self.protocol.copies_layers:
            words = "Under the protocol '{protocol}' every network begins with weights of its own."
            raise RecipeMismatch(reason=Reason("own_weights", words, protocol=protocol))
        if self.optim.patience is not None and not self.protocol.stops_early:
            words = "Under the protocol '{protocol}' nobody stops early, because others learn from everybody."
            raise RecipeMismatch(reason=Reason("nobody_stops", words, protocol=protocol))

    def _check_features(self, network: Architecture) -> None:
        if missing := self.method.needs - network.provides:
            needed = ", ".join(sorted(missing))
            raise FeatureMissing(method=name_of(self.method), needed=needed, network=name_of(network))

    def _check_schedules(self) -> None:
        for name in self.schedules:
            if name not in lane_fields(type(self.method)):
                words = "the method '{method}' has no setting '{name}' that may be scheduled.{hint}"
                hint = nearest_hint(name, lane_fields(type(self.method)))
                reason = Reason("not_scheduled", words, method=name_of(self.method), name=name, hint=hint)
                raise InvalidSetting(path=f"schedules.{name}", value=name_of(self.schedules[name]), reason=reason)
            start = getattr(self.method, name)
            if start is None:
                words = "method.{name} is empty and follows another setting; a schedule needs a number to start from."
                reason = Reason("schedule_of_nothing", words, name=name)
                raise InvalidSetting(path=f"schedules.{name}", value=name_of(self.schedules[name]), reason=reason)
            for reached in self.schedules[name].extremes(start, self.optim.epochs):
                self.method.changed({name: reached})  # refuses what the setting itself would refuse

    def changed(self, changes: Mapping[str, Any]) -> Recipe:
        """Return a checked copy; another dataset is the teacher's too, and schedules go that a new method lacks.

        Raises:
            InvalidSetting: a path that does not exist, or a value out of range.
        """
        method = changes.get("method")
        new_method = str(method.get("name") if isinstance(method, dict) else method)
        if new_method in METHODS:
            schedulable = lane_fields(METHODS[new_method])
            dropped = {f"schedules.{name}": None for name in self.schedules if name not in schedulable}
            changes = {**dropped, **changes}
        for at in [path for path in changes if path.endswith(".path")]:  # another folder or file holds something else
            changes = {f"{at.removesuffix('path')}content": "", **changes}
        teacher_changes = {
            f"teacher.{path}": value for path, value in changes.items() if path.startswith("data.source")
        }
        changes = ({} if self.teacher is None else teacher_changes) | dict(changes)
        if self.fork is not None:  # what does not move in mid-run was never otherwise
            of_parent = {path: value for path, value in changes.items() if not self._moves(path)}
            changes = {"fork": self.fork.leaving(self.fork.recipe.changed(of_parent)).to_json()} | changes
        return super().changed(changes)

    def _moves(self, path: str) -> bool:
        """Tell whether a path is of what a fork has to itself."""
        part, _, name = path.partition(".")
        return part == "fork" or (part == "method" and name in lane_fields(type(self.method)))

    def forked(self, epoch: int, changes: Mapping[str, Any]) -> Recipe:
        """Return the recipe that is trained as this one for ``epoch`` epochs, and goes on with some settings changed.

        Raises:
            InvalidSetting: an epoch that is not within the run, or a value out of range.
            RecipeMismatch: a change of what cannot move in mid-run, or a protocol that cannot be forked.
        """
        fork = {"parent": self.fingerprint(), "recipe": self.to_json(), "epoch": epoch}
        return super().changed({"fork": fork} | dict(changes))

    def in_epoch(self, epoch: int) -> Recipe:
        """Return the recipe that applies in ``epoch`` (0-based): until a fork the parent's, else this one."""
        return self if self.fork is None or epoch >= self.fork.epoch else self.fork.recipe.in_epoch(epoch)

    def with_resolved_lr(self) -> Recipe:
        """Return the recipe with its learning rate as a number, where it was a fraction of the teacher's."""
        if self.optim.lr_of_teacher is None or self.teacher is None:
            return self
        rate = self.optim.lr_of_teacher * self.teacher.with_resolved_lr().optim.lr
        fork = self.fork and self.fork.leaving(self.fork.recipe.with_resolved_lr())
        optim = self.optim.model_copy(update={"lr": rate, "lr_of_teacher": None})
        return self.model_copy(update={"optim": optim, "fork": fork})

    def seeded(self, seed: int, same_teacher: bool = False) -> Recipe:
        """Return the same recipe with another seed, for its teacher too, if that does not stay, and its parent."""
        teacher = self.teacher if same_teacher else self.teacher and self.teacher.seeded(seed)
        fork = self.fork and self.fork.leaving(self.fork.recipe.seeded(seed, same_teacher))
        return self.model_copy(update={"seed": seed, "teacher": teacher, "fork": fork})

    def baseline(self) -> Recipe:
        """Return the baseline: the same network, data, optimiser and seed with labels only and no teacher."""
        plain = self if self.protocol.shapes_student else self.offline()
        update = {"method": LabelsOnly(), "schedules": {}, "teacher": None, "start": "scratch", "fork": None}
        return plain.model_copy(update=update)

    def without_unused_teacher(self) -> Recipe:
        """Return the recipe without a teacher that neither method nor protocol uses."""
        uses_teacher = self.method.needs_teacher and self.protocol.needs_teacher
        if uses_teacher or self.start != "scratch":
            return self
        fork = self.fork and self.fork.leaving(self.fork.recipe.without_unused_teacher())
        return self.model_copy(update={"teacher": None, "fork": fork})

    def offline(self) -> Recipe:
        """Return the recipe with its own teacher alone, or none, and no further networks."""
        fork = self.fork and self.fork.leaving(self.fork.recipe.offline())
        return self.model_copy(update={"protocol": Offline(), "others": (), "fork": fork})

    @property
    def network_label(self) -> str:
        """Return a short name of the network: its architecture's, or the file's that speaks for it."""
        return self.student.label if self.given_logits is None else self.given_logits.label

    def build(self, shape: Shape, classes: int) -> Network:
        """Return a fresh network as the protocol arranges it, for images of ``shape`` (C, H, W).

        Raises:
            RecipeMismatch: the images are too small for it.
        """
        return self.protocol.build_student(self.student, shape, classes)


class Fork(Settings):
    """Where a recipe leaves another one: until then it is trained exactly as that, to the last bit.

    Args:
        parent: the fingerprint of ``recipe``, by which a checkpoint of it is found.
        recipe: the parent's, from which the fork can be trained where no checkpoint is left.
        epoch: how many epochs are the parent's.
    """

    parent: str
    recipe: Recipe
    epoch: int = setting(..., title="Epoch of the fork", unit="epochs", ge=1, le=2000)

    @model_validator(mode="after")
    def _names_its_parent(self) -> Self:
        if self.parent != self.recipe.fingerprint():
            words = "the recipe beside it has the fingerprint '{fingerprint}'."
            reason = Reason("other_parent", words, fingerprint=self.recipe.fingerprint())
            raise InvalidSetting(path="fork.parent", value=f"'{self.parent}'", reason=reason)
        return self

    def leaving(self, recipe: Recipe) -> Fork:
        """Return a fork of another recipe at the same epoch."""
        return Fork(parent=recipe.fingerprint(), recipe=recipe, epoch=self.epoch)

    def check(self, child: Recipe) -> None:
        """Refuse a fork that is not one: outside the run, before its parent's own, or with more changed than can move.

        Raises:
            InvalidSetting: an epoch that is not within the run.
            RecipeMismatch: a change of what cannot move in mid-run, or a protocol that cannot be forked.
        """
        if not child.protocol.can_be_forked:
            words = (
                "Under the protocol '{protocol}' several networks learn from each other or one after another, "
                "so it cannot go on from mid-run with other settings. Start it anew."
            )
            raise RecipeMismatch(reason=Reason("protocol_not_forked", words, protocol=name_of(child.protocol)))
        first = 1 if self.recipe.fork is None else self.recipe.fork.epoch
        if not first <= self.epoch < child.optim.epochs:
            words = "a fork of this run goes on after {first} to {last} epochs."
            reason = Reason("fork_epoch", words, first=first, last=child.optim.epochs - 1)
            raise InvalidSetting(path="fork.epoch", value=self.epoch, reason=reason)
        whole, parents = (recipe.model_copy(update={"fork": None}) for recipe in (child, self.recipe))
        fixed = [path for path in whole.differences(parents) if not child._moves(path)]
        if fixed:
            words = "In mid-run only these can move: {movable}. '{path}' is not the parent's."
            movable = ", ".join(f"method.{name}" for name in sorted(lane_fields(type(child.method)))) or "nothing"
            raise RecipeMismatch(reason=Reason("fixed_in_mid_run", words, movable=movable, path=fixed[0]))


Recipe.model_rebuild()
