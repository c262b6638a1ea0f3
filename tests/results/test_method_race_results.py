"""Method races: techniques with one budget and one student, against the student alone and soft targets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kd_core.errors import RecipeMismatch, UnknownName
from kd_core.experiments.study_runner import run_study
from kd_core.methods import METHODS
from kd_core.protocols import PROTOCOLS
from kd_core.recipe import Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.recipe.techniques import TIPS, technique_changes, technique_names
from kd_core.results.arms import ArmResult
from kd_core.results.method_race import TechniqueResult, baselines, by_chance, compare_json, compared_methods, twins
from kd_core.results.race import finished_members, race_json
from kd_core.results.statistics import MeanSd, verdict
from kd_core.settings.base import name_of
from kd_core.store import Store

NAMES = ["soft_targets", "relational", "hints", "hints:two_stages", "mutual", "attention_transfer"]


def small() -> Recipe:
    changes = {"optim.epochs": 3, "teacher.optim.epochs": 2, "teacher.student.widths": [16], "data.labelled": 100}
    return PRESETS["digits"].recipe.changed(changes)


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    folder: Path = tmp_path_factory.mktemp("comparison")
    store = Store(folder)
    study = store.studies.add(Study.compare(small(), NAMES, seeds=2, preset="digits"), status="running")
    run_study(store, study, data_root=folder)
    assert store.studies.get(study).status == "done", store.studies.get(study).error
    return store, study


def test_every_method_its_variants_every_protocol_and_every_tip_can_race() -> None:
    assert set(technique_names()) == (
        (set(METHODS) - {"labels_only"})
        | {f"{name}:{variant}" for name, kind in METHODS.items() for variant in kind.variants}
        | (set(PROTOCOLS) - {"offline"})
        | set(TIPS)
    )


def test_a_technique_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(
        UnknownName, match=r"no technique named 'hintz'. Did you mean 'hints'\? Known: attention_transfer, .*mutual"
    ):
        Study.compare(small(), ["hintz"])


def test_the_budget_is_the_same_for_all() -> None:
    recipe = small()
    for name in technique_names():
        try:
            changed = recipe.changed(technique_changes(name, recipe.method))
        except RecipeMismatch:  # pragma: no cover
            raise
        except Exception as error:
            assert "maps" in str(error)
            continue
        assert (changed.optim.epochs, changed.optim.batch) == (recipe.optim.epochs, recipe.optim.batch), name
        assert changed.student == recipe.student, name
        if name not in ("strong_augmentation", "tenth_of_the_rate"):  # which are about data and rate
            assert (changed.optim, changed.data) == (recipe.optim, recipe.data), name
        assert changed.teacher == recipe.teacher and changed.seed == recipe.seed


def test_the_recipes_own_method_keeps_its_settings() -> None:
    recipe = small().changed({"method.temperature": 9})
    assert technique_changes("soft_targets", recipe.method) == {}
    (cell,) = [member for member in Study.compare(recipe, ["soft_targets"]).members if member.arm == "distilled"]
    assert cell.recipe.method == recipe.method


@pytest.mark.parametrize("name", TIPS)
def test_a_tip_is_raced_beside_soft_targets_with_its_settings(name: str) -> None:
    base = small().changed({"method": "label_smoothing"})
    study = Study.compare(base, ["soft_targets", name])
    assert not study.refused
    plain, followed = (member.recipe for member in study.members if member.arm == "distilled")
    assert name_of(followed.method) == "soft_targets"
    expected = plain.changed(TIPS[name].changes).with_resolved_lr()
    assert followed == expected != plain


def test_a_tenth_of_the_teachers_rate_is_a_number_when_it_races() -> None:
    recipe = small().changed({"teacher.optim.lr": 0.02})
    (student,) = [one for one in Study.compare(recipe, ["tenth_of_the_rate"]).members if one.arm == "distilled"]
    assert student.recipe.optim.lr == pytest.approx(0.002) and student.recipe.optim.lr_of_teacher is None


def test_what_does_not_fit_is_told_and_the_others_race() -> None:
    study = Study.compare(small(), NAMES, seeds=2)
    assert study.refused == {
        "attention_transfer": "The method 'attention_transfer' needs maps, which the network 'mlp' does not provide."
    }
    assert {member.cell["contender"] for member in study.members} == set(NAMES) - {"attention_transfer"}
    assert Study.from_json(study.to_json()) == study
    with pytest.raises(RecipeMismatch, match="needs maps"):
        Study.compare(small(), ["attention_transfer"])


def test_everybody_races_against_the_same_student_alone(raced: tuple[Store, str]) -> None:
    store, study = raced
    members = store.studies.members(study)
    assert len({member.run for member in members if member.arm == "alone"}) == 2, "one a seed"
    assert len({member.run for member in members if member.arm == "teacher"}) == 2
    shared = baselines(store.studies.get(study), finished_members(store, study))
    assert set(shared) == {"teacher", "alone"} and len(shared["alone"].places) == 2


def test_a_run_that_is_teacher_and_alone_is_both(tmp_path: Path) -> None:
    store = Store(tmp_path)
    recipe = small()
    assert recipe.teacher is not None
    same = recipe.changed(
        {name: value for name, value in recipe.teacher.to_json().items() if name in ("student", "data", "optim")}
    )
    study = store.studies.add(Study.compare(same, ["soft_targets"], seeds=2, preset="digits"), status="running")
    run_study(store, study, data_root=tmp_path)
    assert set(baselines(store.studies.get(study), finished_members(store, study))) == {"teacher", "alone"}


def test_a_technique_that_diverges_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    recipe = small().changed({"method": {"name": "hints", "weight": 1e6}, "optim.lr": 10, "optim.algorithm": "sgd"})
    study = store.studies.add(Study.compare(recipe, ["hints"], seeds=1, preset="digits"), status="running")
    run_study(store, study, data_root=tmp_path)
    assert compare_json(store, study)["unfinished"] == ["hints"]


def test_a_technique_that_breaks_leaves_the_others_to_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("kd_core.protocols.mutual.Mutual.run", buggy)
    store = Store(tmp_path)
    study = store.studies.add(Study.compare(small(), ["mutual", "soft_targets", "dist"], seeds=1), status="running")
    run_study(store, study, data_root=tmp_path)
    row, told = store.studies.get(study), compare_json(store, study)
    assert row.status == "failed" and row.error is not None and "of all things" in row.error["sentence"]
    assert [one["name"] for one in told["techniques"]] == ["soft_targets", "dist"]
    assert told["unfinished"] == ["mutual"]


def test_a_technique_that_changes_the_images_has_a_student_alone_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    names = ["soft_targets", "strong_augmentation"]
    study = store.studies.add(Study.compare(small(), names, seeds=2, preset="digits"), status="running")
    run_study(store, study, data_root=tmp_path)
    alone = {member.run for member in store.studies.members(study) if member.arm == "alone"}
    shared = {
        place.run.id for place in baselines(store.studies.get(study), finished_members(store, study))["alone"].places
    }
    assert len(alone) == 4 and len(shared) == 2 and shared < alone
    assert all(store.runs.get(run).recipe["data"]["augmentation"] == "none" for run in shared)


def test_differences_are_paired_by_seed(raced: tuple[Store, str]) -> None:
    store, study = raced
    found = {one.name: one for one in compared_methods(finished_members(store, study))}
    assert set(found) == set(NAMES) - {"attention_transfer"}
    alone = baselines(store.studies.get(study), finished_members(store, study))["alone"].measures["accuracy"]
    soft = found["soft_targets"].student.measures["accuracy"]
    assert alone is not None and soft is not None and found["soft_targets"].over_soft_targets is None
    for one in found.values():
        own = one.student.measures["accuracy"]
        assert own is not None and one.over_alone is not None
        assert one.over_alone.difference_pp == pytest.approx(100 * (own.mean - alone.mean))
        if one.over_soft_targets is not None:
            assert one.over_soft_targets.difference_pp == pytest.approx(100 * (own.mean - soft.mean))


def test_only_a_bridge_has_extra_parameters(raced: tuple[Store, str]) -> None:
    extra = {one.name: one.extra_parameters for one in compared_methods(finished_members(*raced))}
    assert extra["hints"] == extra["hints:two_stages"] == 12 * 16 + 16
    assert extra["soft_targets"] == extra["relational"] == extra["mutual"] == 0


def test_the_json_is_what_the_page_shows(raced: tuple[Store, str]) -> None:
    told = compare_json(*raced)
    assert [one["name"] for one in told["techniques"]] == [name for name in NAMES if name != "attention_transfer"]
    assert told["refused"].keys() == {"attention_transfer"} and told["preset"] == "digits" and told["seeds"] == 2
    for one in told["techniques"]:
        assert {"accuracy", "nll", "ece", "agreement", "seconds", "extra_parameters", "over_alone"} <= one.keys()


def test_of_forty_techniques_that_change_nothing_chance_makes_one_look_better(raced: tuple[Store, str]) -> None:
    found = compared_methods(finished_members(*raced))
    forty = [replace(found[0], name=str(one), student=_with_accuracy(found[0], one / 40)) for one in range(40)]
    assert by_chance(forty) == {"judged": 40, "better": pytest.approx(1.0)}
    assert compare_json(*raced)["by_chance"] == by_chance(found)


def _with_accuracy(technique: TechniqueResult, accuracy: float) -> ArmResult:
    measures = {**technique.student.measures, "accuracy": MeanSd(accuracy, 0.0, (accuracy, accuracy))}
    return replace(technique.student, measures=measures)


def test_two_techniques_that_are_one_network_count_once(raced: tuple[Store, str]) -> None:
    first, *others = compared_methods(finished_members(*raced))
    assert twins([first, *others]) == {}
    again = replace(first, name="own_batch_norm")
    assert twins([first, again, *others]) == {"own_batch_norm": first.name}
    assert by_chance([first, again]) == by_chance([first])


def test_without_an_interval_nothing_is_judged(raced: tuple[Store, str]) -> None:
    (one, *_) = compared_methods(finished_members(*raced))
    assert one.over_alone is not None
    alone = replace(one, over_alone=verdict([0.9], [0.8]))
    assert by_chance([alone, replace(one, over_alone=None)]) == {"judged": 0, "better": 0.0}


def test_a_race_tells_what_its_protocol_told_last(raced: tuple[Store, str]) -> None:
    store, study = raced
    told = race_json(store, study, {"contender": "mutual"})["notes"]
    assert [row["seed"] for row in told["peer_2"]] == [0, 1] and all(row["epoch"] == 2 for row in told["peer_2"])
    assert race_json(store, study, {"contender": "relational"})["notes"] == {}


def test_methods_race_with_one_fixed_teacher_whatever_the_form_arranged() -> None:
    arranged = small().changed({"protocol": "several_teachers"})
    study = Study.compare(arranged, ["soft_targets", "mutual"])
    protocols = {
        m.cell["contender"]: m.recipe.protocol.to_json()["name"] for m in study.members if m.arm == "distilled"
    }
    assert protocols == {"soft_targets": "offline", "mutual": "mutual"}
