"""Ten races that were broken on purpose name their cause first; in good ones nothing is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kd_core.cli.parser import main
from kd_core.doctor import diagnose_study, settling_study
from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Study, check_study
from kd_core.recipe.presets import PRESETS
from tests.doctor.conftest import Prepared, Race
from tests.small_studies import DATA

pytestmark = pytest.mark.slow

UNTRAINED = {"teacher.optim.epochs": 1, "teacher.optim.lr": 1e-8}
BROKEN: dict[str, tuple[int, dict[str, Any], set[str]]] = {
    "an untrained teacher": (2, UNTRAINED, {"teacher_weak"}),
    "T² off at T 20": (2, {"method.temperature": 20.0, "method.scale_by_t2": False}, {"t2_off"}),
    "weight 1 with a bad teacher": (2, {"method.teacher_weight": 1.0, **UNTRAINED}, {"extreme_weight"}),
    "3 epochs": (2, {"optim.epochs": 3}, {"budget"}),
    "learning rate 1": (2, {"optim.lr": 1.0}, {"learning_rate_high"}),
    "student 2-2": (2, {"student.widths": [2, 2]}, {"student_small"}),
    "a student as large as its teacher": (2, {"student.widths": [256, 256]}, {"student_large"}),
    "label noise in the teacher": (2, {"teacher.data.label_noise": 0.6}, {"teacher_weak"}),
    "one seed": (1, {}, {"one_seed"}),
}
"""Seeds, changes of the digits preset, and the causes that are right."""
GOOD = {
    "the preset": {},
    "300 labels": {"data.labelled": 300},
    "half the weight": {"method.teacher_weight": 0.5},
}


def causes(prepared: Prepared) -> list[str]:
    return [finding.cause for finding in diagnose_study(*prepared)]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_race_names_its_cause_first(race: Race, name: str) -> None:
    seeds, changes, right = BROKEN[name]
    assert causes(race(seeds, changes))[:1] == list(right)


def test_fifty_test_images_are_few(race: Race, fifty_test_images: str) -> None:
    # A setting's value has to be hashable to be trained once: the folder is named path by path.
    source = {"data.source": "image_folder", "data.source.path": fifty_test_images}
    prepared = race(2, {**source, "data.source.size": 8, "data.source.grey": True})
    first = diagnose_study(*prepared)[0]
    assert first.cause == "few_test_images"
    assert first.sentence.fields["images"] == "50"


@pytest.mark.parametrize("name", GOOD)
def test_in_a_good_race_nothing_is_found(race: Race, name: str) -> None:
    assert causes(race(5, GOOD[name])) == []


def test_every_experiment_can_be_started(race: Race) -> None:
    tried = 0
    for seeds, changes, _ in BROKEN.values():
        store, study = race(seeds, changes)
        for finding in diagnose_study(store, study):
            experiment = settling_study(store.studies.get(study), finding)
            check_study(experiment)
            assert experiment.seeds >= 3
            assert experiment.fingerprint() != store.studies.get(study).fingerprint
            tried += 1
    assert tried >= len(BROKEN)


def test_after_its_experiment_a_cause_is_gone(race: Race) -> None:
    store, study = race(2, {"optim.lr": 1.0})
    first = diagnose_study(store, study)[0]
    experiment = store.studies.add(settling_study(store.studies.get(study), first), status="running")
    run_study(store, experiment, data_root=DATA)
    assert "learning_rate_high" not in causes(Prepared(store, experiment))


def test_the_command_line_prints_what_was_found(race: Race, capsys: pytest.CaptureFixture[str]) -> None:
    store, study = race(2, {"optim.epochs": 3})
    assert main(["show", study, "--doctor", "--json", "--home", str(store.home)]) == 0
    finding = json.loads(capsys.readouterr().out)["findings"][0]
    assert finding.keys() == {"cause", "sentence", "evidence", "try"}
    assert (finding["cause"], finding["try"]) == ("budget", {"optim.epochs": 20})
    assert "3 epochs" in finding["sentence"]
    assert len(finding["evidence"]["series"]["alone"]) == 3

    run = next(member.run for member in store.studies.members(study) if member.arm == "distilled")
    assert main(["show", str(run), "--doctor", "--home", str(store.home)]) == 0  # a run's study is meant
    assert capsys.readouterr().out.startswith("budget: Training ended after 3 epochs")


def test_the_command_line_says_that_nothing_was_found(race: Race, capsys: pytest.CaptureFixture[str]) -> None:
    store, study = race(5, {})
    assert main(["show", study, "--doctor", "--json", "--home", str(store.home)]) == 0
    assert json.loads(capsys.readouterr().out) == {"findings": []}
    assert main(["show", study, "--doctor", "--home", str(store.home)]) == 0
    assert capsys.readouterr().out == "Nothing found.\n"


SHORT = {"optim.epochs": 3, "teacher.optim.epochs": 2, "method.temperature": 20.0}


def trained(race: Race, study: Study) -> Prepared:
    store, _ = race(1, {})
    made = store.studies.add(study, status="running")
    run_study(store, made, data_root=DATA)
    return Prepared(store, made)


def test_in_a_method_race_what_all_share_is_settled_by_all_and_what_is_one_techniques_by_its_race(race: Race) -> None:
    recipe = PRESETS["digits"].recipe.changed({**SHORT, "method.scale_by_t2": False})
    store, study = trained(race, Study.compare(recipe, ["soft_targets", "hints"], 1, "digits"))
    row, findings = store.studies.get(study), {finding.cause: finding for finding in diagnose_study(store, study)}
    assert [cell["contender"] for cell in findings["t2_off"].cells] == ["soft_targets"]
    assert len(findings["budget"].cells) == 2
    everybody, alone = settling_study(row, findings["budget"]), settling_study(row, findings["t2_off"])
    assert everybody.kind == "compare" and everybody.cells == tuple(row.spec["cells"])
    assert everybody.base is not None and everybody.base.optim.epochs == 20
    student = alone.members[-1].recipe
    assert alone.kind == "race" and student.method.to_json()["scale_by_t2"] is True
    assert student.optim.epochs == 3


def test_a_cell_of_a_sweep_is_looked_into_by_itself_and_with_the_others(race: Race) -> None:
    recipe = PRESETS["digits"].recipe.changed(SHORT)
    store, study = trained(race, Study.sweep(recipe, {"method.scale_by_t2": [True, False]}, 1, "digits"))
    row = store.studies.get(study)
    with_t2, without = row.spec["cells"]
    assert "t2_off" not in [finding.cause for finding in diagnose_study(store, study, with_t2)]
    first = diagnose_study(store, study, without)[0]
    assert first.cause == "t2_off" and first.to_json().keys() == {"cause", "sentence", "evidence", "try"}
    together = {finding.cause: finding for finding in diagnose_study(store, study)}
    assert together["t2_off"].cells == (without,) and together["t2_off"].explains == first.explains / 2
    assert settling_study(row, first, without).members[-1].recipe.method.to_json()["scale_by_t2"] is True
