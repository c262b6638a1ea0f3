"""The script that a person takes along does what a race does: the same loss, and the same accuracy after training."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from kd_core.cli import main
from kd_core.datasets import prepare
from kd_core.errors import RecipeMismatch
from kd_core.experiments.study_runner import run_study
from kd_core.methods import METHODS
from kd_core.protocols import PROTOCOLS
from kd_core.recipe import PRESETS, Recipe, Study, technique_changes, technique_names
from kd_core.results import race_numbers
from kd_core.script import recipe_command, recipe_text, study_command, training_script
from kd_core.store import Store
from kd_core.training import DistillationLoader, Trainer
from tests.small_studies import DATA, recipe

CONVNETS: dict[str, Any] = {
    "student": {"name": "convnet", "channels": [4, 8], "fc": 16},
    "teacher.student": {"name": "convnet", "channels": [8, 16], "fc": 32},
    "data.labelled": 100,
    "teacher.data.labelled": 200,
    "optim.epochs": 2,
    "teacher.optim.epochs": 2,
}
WITHOUT_SCRIPT = {"federated", "multi_task"}
"""Protocols whose script would be longer than anybody reads."""

IN_ARMS = {"teacher": "teacher", "student alone": "alone", "distilled": "distilled"}


def run_script(source: str) -> dict[str, Any]:
    """Return what a script defines, without its race."""
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(source, "script.py", "exec"), names)
    return names


def raced(asked: Recipe, home: Path) -> dict[str, float]:
    """Return our own test accuracy by arm, after one seed."""
    store = Store(home)
    study = store.studies.add(Study.race(asked, 1, "digits"), status="running")
    run_study(store, study, data_root=DATA)
    arms = race_numbers(store, study).arms
    store.close()
    return {arm: result.measures["accuracy"].mean for arm, result in arms.items() if result.measures["accuracy"]}


def assert_same_race(asked: Recipe, home: Path) -> dict[str, Any]:
    """Train both; on 600 test images at most three may be judged otherwise, for sums are rounded in another order."""
    script = run_script(training_script(asked))
    ours, theirs = raced(asked, home), script["race"](0)
    assert {IN_ARMS[name] for name in theirs} == set(ours)
    for name, accuracy in theirs.items():
        assert accuracy == pytest.approx(ours[IN_ARMS[name]], abs=3.5 / 600), name
    return script


def with_method(name: str) -> Recipe:
    """A small recipe with a method, on networks that have what it needs."""
    asked = recipe(**{path.replace(".", "__"): value for path, value in CONVNETS.items()})
    return asked.changed(technique_changes(name, asked.method) if name in technique_names() else {"method": name})


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name]().loss_code() is not None])
def test_a_methods_script_comes_to_our_accuracy(name: str, tmp_path: Path) -> None:
    assert_same_race(with_method(name), tmp_path)


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name]().loss_code() is not None])
def test_the_first_batchs_loss_is_ours(name: str) -> None:
    """With the same weights, to 1e-5 of it."""
    asked = with_method(name)
    script = run_script(training_script(asked))
    teacher, student = script["build"](script["Teacher"], 0).eval(), script["build"](script["Student"], 0)
    data = script["learning_images"](0, **script["SEEN"])
    images, labels = next(script["batches"](data, 0, 0, 64))
    with torch.no_grad():
        answer, look = teacher(images), data[0][:2]
        bridge = script["Bridge"](student.eval()(look), teacher(look)) if "Bridge" in script else None
    outputs = student.train()(images)
    theirs = script["loss"](*(bridge(outputs, answer) if bridge else (outputs, answer)), labels).detach()
    assert float(theirs) == pytest.approx(first_loss(asked, teacher.state_dict()), rel=1e-5)


def first_loss(asked: Recipe, teacher_weights: dict[str, torch.Tensor]) -> float:
    """Return our loss of the first batch, taught by a network with these weights."""
    assert asked.teacher is not None
    splits = prepare(asked.data, asked.data.source.load(DATA), 0)
    teacher = asked.teacher.build(splits.train.shape, 10)
    teacher.load_state_dict(teacher_weights)
    trainer = Trainer(asked, splits, teacher.eval())
    trainer.on_epoch_start(0)
    images, labels, answer = next(iter(DistillationLoader(asked, splits.train, teacher, None).batches(0)))
    terms = trainer.compute_losses(trainer.method, *trainer.forward(images, answer), labels)
    return float(sum(terms.values()).detach())


def test_every_method_of_this_version_writes_its_loss() -> None:
    assert [name for name in METHODS if METHODS[name]().loss_code() is None] == []


PROTOCOL_CASES: dict[str, dict[str, Any]] = {
    "offline": {},
    "chain": {"protocol.generations": 2, "others": [{"name": "mlp", "widths": [16]}]},
    "several_teachers": {"protocol.weighting": "confidence", "others": [{"name": "mlp", "widths": [16]}]},
    "cross_modal": {"protocol.view": "edges"},
    "mutual": {"protocol.networks": 3},
    "data_free": {"protocol.steps": 5, "optim.batch": 64},
}


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if name not in WITHOUT_SCRIPT])
def test_a_protocols_script_comes_to_our_accuracy(name: str, tmp_path: Path) -> None:
    changes = {**PROTOCOLS[name].recommended, "protocol": name, **PROTOCOL_CASES[name], "optim.epochs": 2}
    assert_same_race(recipe().changed({**changes, "optim.lr": 0.005}), tmp_path)


@pytest.mark.parametrize("view", ["sums", "low_resolution"])
def test_a_student_sees_the_same_view(view: str, tmp_path: Path) -> None:
    assert_same_race(recipe(protocol={"name": "cross_modal", "view": view}), tmp_path)


@pytest.mark.parametrize("name", sorted(WITHOUT_SCRIPT))
def test_a_protocol_without_a_snippet_says_so(name: str) -> None:
    with pytest.raises(RecipeMismatch, match=f"the protocol '{name}' has no short form"):
        training_script(recipe(protocol=name))


CONDITIONS: dict[str, dict[str, Any]] = {
    "noise": {"data__label_noise": 0.4},
    "dropped": {"data__dropped_classes": [3, 5], "data__labelled": None},
    "unlabelled": {"data__unlabelled": "keep", "data__labelled": 50},
    "shift": {"data__augmentation": "shift"},
    "flip_crop": {"teacher__data__augmentation": "flip_crop"},
    "strong": {"data__augmentation": "strong"},
    "cosine_sgd": {"optim__algorithm": "sgd", "optim__lr": 0.05, "optim__lr_schedule": "cosine"},
    "decay": {"optim__algorithm": "adamw", "optim__weight_decay": 0.01},
    "patience": {"optim__patience": 1, "optim__epochs": 4, "optim__lr": 0.05},
    "rate_of_teacher": {"optim__lr_of_teacher": 0.5},
    "cooling": {"schedules__temperature": {"name": "exponential", "factor": 0.5, "floor": 1}},
    "linear": {"schedules__teacher_weight": {"name": "linear", "end": 0.1}},
    "wave": {"schedules__temperature": {"name": "cosine", "end": 1}},
    "stage": {"schedules__teacher_weight": {"name": "between", "end": 0.5}, "method__label_weight": 0.1},
    "warm_up": {"schedules__teacher_weight": {"name": "warm_up", "epochs": 3}},
    "smoothed_teacher": {"teacher__method": {"name": "label_smoothing", "smoothing": 0.2}},
    "reverse": {"method__direction": "reverse", "method__mean_over_classes": True, "method__scale_by_t2": False},
    "first_weights": {"student": {"name": "mlp", "widths": [32]}, "start": "teacher"},
    "last_batch_of_one": {"data__labelled": 129, "optim__batch": 32},
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_scripts_settings_are_ours(name: str, tmp_path: Path) -> None:
    assert_same_race(recipe(**CONDITIONS[name]), tmp_path)


def test_a_script_that_was_saved_runs_by_itself(tmp_path: Path) -> None:
    """In an empty folder, isolated from ours, it prints everybody's accuracy and their mean."""
    (tmp_path / "race.py").write_text(training_script(recipe(), seeds=(0, 1)), "utf-8")
    command = [sys.executable, "-I", "race.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["seed 0", "seed 1", "teacher", "student alone", "distilled"]
    assert "kd_core" not in (tmp_path / "race.py").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "digits"])
def test_every_preset_has_a_script_whose_networks_are_ours(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its images: the networks answer alike with the same weights, which they take name by name."""
    asked = PRESETS[name].recipe
    source = training_script(asked)
    begin, end = source.index("# 2. The networks"), source.index("# 4. The loop")
    script = run_script(
        "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n" + _imports(source) + source[begin:end]
    )
    shape = asked.data.source.shape
    with torch.random.fork_rng():
        torch.manual_seed(3)
        ours = asked.student.build(shape, 10).eval()
        torch.manual_seed(3)
        theirs = script["Student"]().eval()
    images = torch.rand(2, *shape)
    assert torch.equal(theirs(images), ours(images).logits), "one seed gives both the same first weights"


def _imports(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if line.startswith("from torchvision import models")) + "\n"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "plateau": (
        {"schedules__temperature": {"name": "on_plateau", "limit": 2}},
        "the schedule 'on_plateau' has no snippet",
    ),
    "question": ({"data__question": "slant", "teacher__data__question": "slant"}, "something else than the class"),
    "pretrained": ({"student": {"name": "resnet18", "pretrained": True}}, "the network 'ResNet-18' has no snippet"),
    "own_loop": ({"protocol": "mutual", "optim__patience": 3}, "stops nobody early"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_snippet_is_told_in_a_sentence(name: str) -> None:
    changes, sentence = REFUSED[name]
    with pytest.raises(RecipeMismatch, match=sentence):
        training_script(recipe(**changes))


def test_a_member_without_a_snippet_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METHODS["soft_targets"], "loss_code", lambda self: None)
    with pytest.raises(RecipeMismatch, match="the method 'soft_targets' has no snippet"):
        training_script(recipe())


def test_the_recipe_as_json_is_the_recipe() -> None:
    asked = recipe(schedules__temperature={"name": "linear", "end": 1})
    assert Recipe.from_json(json.loads(recipe_text(asked))) == asked


def test_the_command_line_of_a_recipe_leads_back_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    asked = recipe(method="decoupled", schedules__temperature={"name": "linear", "end": 1}, student__widths=[8, 4])
    words = shlex.split(recipe_command(asked, "digits", 3, command="code"))
    assert words[:3] == ["python", "-m", "kd_core"]
    assert main([*words[3:], "--json"]) == 0
    assert Recipe.from_json(json.loads(capsys.readouterr().out)) == asked


def test_a_studys_command_line_names_its_axes_and_its_techniques() -> None:
    base = PRESETS["digits"].recipe
    sweep = Study.sweep(base, {"method.temperature": (1, 4), "data.labelled": (100, 200)}, 2, "digits")
    words = shlex.split(study_command(sweep.to_json()))
    assert words[3:] == [
        "sweep", "digits", "--axis", "method.temperature=1,4", "--axis", "data.labelled=100,200", "--seeds", "2",
    ]  # fmt: skip
    race = Study.compare(base.changed({"optim.epochs": 3}), ["dist", "chain"], 2, "digits")
    told = "python -m kd_core compare dist chain --preset digits --set optim.epochs=3 --seeds 2"
    assert study_command(race.to_json()) == told
    assert study_command(Study.race(base, 2, "").to_json()) == "python -m kd_core race digits --seeds 2"


def test_the_command_line_prints_a_script_that_compiles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", "digits", "--set", "method=dist"]) == 0
    told = capsys.readouterr().out
    compile(told, "script.py", "exec")
    assert "SEEDS = [0, 1, 2, 3, 4]" in told and "race digits --set 'method=" in told
    assert main(["code", "digits", "--set", "protocol=federated"]) == 2
    assert "no script to take along" in capsys.readouterr().err
