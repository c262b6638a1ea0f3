"""What every protocol must keep, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kd_core.compute.plan import PLAIN
from kd_core.errors import RecipeMismatch
from kd_core.events import EpochEnd, Event, Finished, Logged, Started
from kd_core.experiments.group_runner import GroupRunner
from kd_core.experiments.groups import PendingRun, TrainingGroup
from kd_core.experiments.protocol_context import RunContext
from kd_core.experiments.study_context import StudyContext
from kd_core.experiments.study_runner import run_study
from kd_core.experiments.teacher_cache import TeacherCache
from kd_core.outputs import Outputs
from kd_core.protocols import PROTOCOLS
from kd_core.recipe import Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from tests.functional.fixed_input import STUDENT, TEACHER

members = pytest.mark.parametrize("name", list(PROTOCOLS))
EPOCHS = 3
SMALL = {
    "data_free": {"protocol.steps": 4},
    "federated": {"protocol.public": 40, "protocol.own_steps": 3, "protocol.head_start": 1, "protocol.clients": 3},
    "several_teachers": {"protocol.teachers": 2},
}


def recipe(name: str) -> Recipe:
    """Return a recipe of digits that takes a moment."""
    small = {"optim.epochs": EPOCHS, "teacher.optim.epochs": 2, "teacher.student.widths": [16], "optim.batch": 50}
    changes = {"protocol": {"name": name}, **PROTOCOLS[name].recommended, **small, **SMALL.get(name, {})}
    return PRESETS["digits"].recipe.changed(changes)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyContext]:
    """A store in which every teacher and helper has been trained."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder: Path = tmp_path_factory.mktemp("protocols")
    store = Store(folder)
    for name in PROTOCOLS:
        study = store.studies.add(Study.race(recipe(name)), status="running")
        run_study(store, study, data_root=folder)
        assert store.studies.get(study).status == "done", store.studies.get(study).error
    yield StudyContext(store, folder)
    torch.set_num_threads(before)


def running(context: StudyContext, name: str, checkpoint: dict[str, torch.Tensor] | None = None) -> Iterator[Event]:
    wanted = recipe(name).without_unused_teacher()
    return wanted.protocol.run(wanted, RunContext(context, TeacherCache(context), checkpoint, PLAIN))


def events(context: StudyContext, name: str, checkpoint: dict[str, torch.Tensor] | None = None) -> list[Event]:
    return list(running(context, name, checkpoint))


def test_every_protocol_is_known() -> None:
    wanted = ["chain", "cross_modal", "data_free", "federated", "multi_task", "mutual", "offline", "several_teachers"]
    assert list(PROTOCOLS) == wanted
    assert replace(Outputs(STUDENT), heads={"a": TEACHER}).mapped(lambda one: one[:1]).heads["a"].shape == (1, 5)


@members
def test_it_speaks_for_itself(name: str) -> None:
    kind = PROTOCOLS[name]
    assert kind.__doc__ and kind.__doc__.split("\n")[0].endswith(".")
    assert kind.__module__ == f"kd_core.protocols.{name}", "one file a protocol, of its name"
    assert name == "offline" or any(digit in kind.source for digit in ("19", "20"))
    assert all(info.title and info.description for key, info in kind.model_fields.items() if key != "name")
    assert type(kind()).from_json(kind().to_json()) == kind()


@members
def test_the_run_has_one_network_with_one_curve(name: str, context: StudyContext) -> None:
    found = events(context, name)
    assert isinstance(found[0], Started)
    epochs = [event for event in found if isinstance(event, EpochEnd)]
    assert [event.epoch for event in epochs] == list(range(EPOCHS))
    assert all(list(event.lanes) == [0] for event in epochs)
    ends = [event for event in found if isinstance(event, Finished)]
    assert len(ends) == 1 and ends[0].weights
    losses = [event.lanes[0].losses for event in epochs]
    assert all(own and all(value == value for value in own.values()) for own in losses)


@members
def test_the_same_recipe_gives_the_same_numbers(name: str, context: StudyContext) -> None:
    first, again = events(context, name), events(context, name)
    assert told(first) == told(again)


def test_a_chain_with_early_stopping_mixes_what_its_generations_report(context: StudyContext) -> None:
    early = {"optim.patience": 1, "optim.epochs": 12, "optim.lr": 0.05}
    wanted = recipe("chain").changed(early)
    study = context.store.studies.add(Study.race(wanted), status="running")
    run_study(context.store, study, data_root=context.store.home)
    (note,) = [note for note in context.store.runs.notes([distilled(context, study)]) if note.subject == "ensemble"]
    row = context.store.runs.get(distilled(context, study))
    assert row.reported_epoch is not None and row.reported_epoch < row.epoch - 1, "it stopped early"
    (last,) = [e for e in context.store.runs.epochs([row.id]) if e.epoch == row.reported_epoch]
    assert note.epoch == row.reported_epoch
    assert note.facts["generations"][-1] == pytest.approx(last.scores["test"]["accuracy"])


def test_points_stay_where_they_were_when_an_epoch_has_steps_of_its_own(context: StudyContext) -> None:
    wanted = recipe("data_free").changed({"protocol.steps": 60, "optim.epochs": 4, "optim.batch": 20, "seed": 9})
    store = context.store
    store.set_fact("checkpoint_seconds", 0.0)
    study = store.studies.add(Study.race(wanted), status="running")
    done = {"epoch": 0}

    def ask() -> str:
        row = store.runs.get(distilled(context, study)) if distilled(context, study) else None
        done["epoch"] = row.epoch if row else 0
        return "interrupted" if row and row.epoch == 2 and row.status == "running" else ""

    run_study(store, study, data_root=store.home, stop_check=ask)
    run = distilled(context, study)
    before = [point.step for point in store.runs.points([run]) if point.step <= 60]  # of the first epoch, surely kept
    assert before and store.studies.get(study).status == "interrupted"
    store.studies.ask_resume(study, status="running")
    run_study(store, study, data_root=store.home)
    after = [point.step for point in store.runs.points([run])]
    assert after[: len(before)] == before and after == sorted(set(after)) and after[-1] > 3 * 60


def distilled(context: StudyContext, study: str) -> str:
    return next(one.run or "" for one in context.store.studies.members(study) if one.arm == "distilled")


@members
def test_it_goes_on_from_a_checkpoint_as_if_nothing_had_been(name: str, context: StudyContext) -> None:
    whole = events(context, name)
    after = next(event for event in whole if isinstance(event, EpochEnd)).epoch
    checkpoint = next(
        event.state_dict() for event in running(context, name) if isinstance(event, EpochEnd) and event.epoch == after
    )
    rest = events(context, name, checkpoint)
    assert told(rest) == [one for one in told(whole) if one[0] > after]


@members
def test_the_student_alone_needs_nobody(name: str) -> None:
    alone = recipe(name).baseline()
    assert alone.teacher is None and alone.protocol.name in ("offline", name)  # type: ignore[attr-defined]
    assert (alone.protocol.name == name) == (PROTOCOLS[name].shapes_student or name == "offline")  # type: ignore[attr-defined]


@members
def test_a_study_of_it_can_be_stored_and_read(name: str) -> None:
    study = Study.race(recipe(name), 2)
    assert Study.from_json(study.to_json()) == study


@members
def test_what_it_cannot_pass_on_is_refused(name: str) -> None:
    kind = PROTOCOLS[name]
    base = recipe(name)
    if kind.needs_teacher_term:
        with pytest.raises(RecipeMismatch, match=f"'{name}' passes on .* 'labels_only' listens to nobody"):
            base.changed({"method": {"name": "labels_only"}})
    if kind.logits_only:
        with pytest.raises(RecipeMismatch, match=f"'{name}' passes on logits alone"):
            base.changed({"method": {"name": "hints"}})


@members
def test_notes_are_kept_with_the_run(name: str, context: StudyContext) -> None:
    found = [event for event in events(context, name) if isinstance(event, Logged)]
    store = context.store
    wanted = recipe(name).without_unused_teacher()
    run = store.runs.finished(wanted.fingerprint())
    assert run is not None
    kept = {(row.subject, row.epoch): row.facts for row in store.runs.notes([run])}
    assert kept == {(event.note.stored_subject, event.epoch): event.note.to_facts() for event in found}
    for event in found:
        pictures = store.files.note(run, event.note.stored_subject, event.epoch)
        assert set(pictures or {}) == set(event.arrays)


def told(found: list[Event]) -> list[tuple[int, str, object]]:
    """Return what every epoch and every note says, without times."""
    rows: list[tuple[int, str, object]] = []
    for event in found:
        if isinstance(event, EpochEnd):
            rows.append((event.epoch, "epoch", (event.lanes[0].losses, event.lanes[0].scores)))
        elif isinstance(event, Logged):
            rows.append((event.epoch, event.note.stored_subject, event.note.to_facts()))
    return rows


def test_groups_train_protocols_by_themselves(context: StudyContext) -> None:
    mutual = recipe("mutual").without_unused_teacher().changed({"seed": 7})
    (run,) = context.store.runs.begin("nobody", [mutual])
    runner = GroupRunner(context, TeacherCache(context), lambda: "", last_and_best_only=False)
    list(runner.run(TrainingGroup([[PendingRun(run, mutual)]])))
    assert context.store.runs.get(run).status == "done"
