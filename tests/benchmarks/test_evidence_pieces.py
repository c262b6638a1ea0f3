"""The trials' pieces: counted before they are trained, trained once, kept when the process is killed, and budgeted."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.evidence import __main__
from benchmarks.evidence.rule import Measured
from benchmarks.evidence.trial_store import DataAbsent, OutOfHours, Trained, TrialBroke, Trials, _members
from benchmarks.evidence.trials import on_gpu
from benchmarks.evidence.trials.base import chosen, mean_of, minus, sure
from benchmarks.evidence.trials.few_images import _known_distribution
from benchmarks.evidence.trials.source_text import LABELS, _first, _needed
from benchmarks.evidence.trials.techniques import CANDIDATES
from kd_core import PRESETS, Recipe
from kd_core.store import Store
from tests.cifar_100 import make_cifar_100

ROOT = Path(__file__).parents[2]


def small(epochs: int = 3, **changes: Any) -> Recipe:
    lengths = {"optim.epochs": epochs, "teacher.optim.epochs": 2, "teacher.student.widths": [8]}
    return PRESETS["digits"].recipe.changed(lengths | changes)


@pytest.fixture
def trials(tmp_path: Path) -> Trials:
    made = Trials(tmp_path / "home", tmp_path)
    made.begin("claim", 1.0)
    return made


def arms(recipe: Recipe) -> dict[str, Recipe]:
    assert recipe.teacher is not None
    return {"teacher": recipe.teacher, "alone": recipe.baseline(), "distilled": recipe}


def test_pieces_are_counted_before_anything_is_trained(trials: Trials, tmp_path: Path) -> None:
    looking = Trials(tmp_path / "home", tmp_path, looks=True)
    looking.begin("claim", 1.0)
    assert looking.trained("pair", arms(small()), 3) == {"teacher": [], "alone": [], "distilled": []}
    assert (looking.done, looking.pieces, looking.complete) == (0, 9, False)
    assert looking.store.studies.list() == []
    trials.trained("pair", arms(small()), 3)
    looking.begin("claim", 1.0)
    found = looking.trained("pair", arms(small()), 3)
    assert (looking.done, looking.pieces, looking.complete) == (9, 9, True)
    assert [len(networks) for networks in found.values()] == [3, 3, 3]


def test_what_was_trained_for_one_claim_is_not_trained_again_for_another(trials: Trials) -> None:
    first = trials.trained("pair", arms(small()), 2)
    trials.begin("another", 1.0)
    again = trials.trained("the same pair", arms(small()), 2)
    assert [network and network.run for network in again["distilled"]] == [
        network and network.run for network in first["distilled"]
    ]


def test_a_student_is_paired_with_the_teacher_of_its_own_seed_or_with_one_for_all(trials: Trials) -> None:
    own = sure(trials.trained("own", arms(small()), 2)["distilled"])
    assert [network.recipe.teacher and network.recipe.teacher.seed for network in own] == [0, 1]
    shared = sure(trials.trained("shared", {"distilled": small()}, 2, one_teacher=True)["distilled"])
    assert [network.recipe.teacher and network.recipe.teacher.seed for network in shared] == [0, 0]


def test_a_line_of_teachers_is_trained_from_its_top() -> None:
    recipe = small()
    grandchild = recipe.model_copy(update={"teacher": recipe})
    members = _members({"grandchild": grandchild}, 0, one_teacher=False)
    assert [member.arm for member in members] == ["teacher", "helper", "distilled"]


def test_a_claim_without_hours_left_trains_nothing_more(trials: Trials) -> None:
    trials.trained("pair", arms(small()), 1)
    spent = trials.hours
    assert spent > 0
    trials.begin("claim", spent / 2)
    with pytest.raises(OutOfHours, match="hours of a core are used"):
        trials.trained("more", {"alone": small(4).baseline()}, 1)
    trials.trained("pair", arms(small()), 1)  # what is there can still be read


def test_numbers_are_computed_once_and_whole(trials: Trials) -> None:
    asked = []

    def make(seed: int) -> dict[str, float]:
        asked.append(seed)
        return {"value": float(seed)}

    assert trials.computed("numbers", 3, make) == [{"value": 0.0}, {"value": 1.0}, {"value": 2.0}]
    assert trials.computed("numbers", 3, make) == [{"value": 0.0}, {"value": 1.0}, {"value": 2.0}]
    assert asked == [0, 1, 2]


def test_a_diverged_network_is_never_chosen_and_has_no_place_among_paired_seeds(trials: Trials) -> None:
    tame = trials.trained("tame", {"tame": small().baseline()}, 1)
    assert chosen(trials, {"wild": [None], **tame}) == "tame"
    with pytest.raises(TrialBroke, match="diverged"):
        sure([*tame["tame"], None])


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_killed_command_goes_on_and_trains_nothing_twice(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; import sys; from benchmarks.evidence.trial_store import Trials\n"
        "from tests.benchmarks.test_evidence_pieces import arms, small\n"
        "trials = Trials(Path(sys.argv[1]), Path(sys.argv[1])); trials.begin('claim', 1.0)\n"
        "found = trials.trained('pair', arms(small(60)), 2, by_seed=True)\n"
        "print(len([run for run in trials.store.runs.list()]), trials.done)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "home")]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    first = subprocess.Popen(command, cwd=ROOT, env=env)
    store = Store(tmp_path / "home")
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline and not any(row.epoch > 2 and row.epochs == 60 for row in store.runs.list()):
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = {row.id for row in store.runs.list()}
    assert before and any(row.status == "running" for row in store.runs.list())
    again = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert again.stdout.split() == ["6", "6"], again.stderr
    assert before <= {row.id for row in store.runs.list()}
    assert {row.status for row in store.runs.list()} == {"done"}


def test_validation_chooses_and_the_test_images_are_not_looked_at(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = trials.trained("two", {"short": small(1).baseline(), "long": small(40).baseline()}, 1)

    def right(network: Trained, part: str = "test") -> Any:
        assert part == "validation"
        return np.array([network.recipe.optim.epochs == 40])

    monkeypatch.setattr(trials, "right", right)
    assert chosen(trials, found) == "long"


def test_labels_are_those_by_which_the_engine_scores(trials: Trials) -> None:
    recipe = small(**{"data.labelled": 100, "data.label_noise": 0.3}).baseline().seeded(1)
    splits = trials.context.splits(recipe)
    assert trials.labels(recipe).tolist() == splits.test.labels.tolist()
    assert trials.labels(recipe, "validation").tolist() == splits.validation.labels.tolist()


def test_nothing_to_choose_from_is_the_first() -> None:
    assert chosen(None, {"a": [], "b": []}) == "a"  # type: ignore[arg-type]


def test_every_technique_has_the_same_number_of_tries() -> None:
    assert {len(candidates) for candidates in CANDIDATES.values()} == {6}
    for candidates in CANDIDATES.values():
        assert len({json.dumps(candidate) for candidate in candidates}) == 6


def test_labels_needed_lie_where_the_curve_reaches_the_accuracy() -> None:
    curve = [80.0, 85.0, 87.0, 88.0, 90.0, 92.0]
    assert _needed(curve, 88.0) == pytest.approx(2000)
    assert _needed(curve, 89.0) == pytest.approx((2000 * 3000) ** 0.5)  # halfway on a logarithmic axis
    assert (_needed(curve, 70.0), _needed(curve, 99.0)) == (pytest.approx(LABELS[0]), pytest.approx(LABELS[-1]))


def test_epochs_are_counted_from_one_and_never_is_one_more() -> None:
    assert (_first([0.1, 0.5, 0.9], 0.5), _first([0.1], 0.5)) == (2.0, 2.0)


def test_figures_are_paired_by_seed() -> None:
    assert minus(Measured([3.0, 5.0]), Measured([1.0, 1.0])).values == [2.0, 4.0]
    assert mean_of(Measured([1.0, 2.0]), Measured([3.0, 6.0])).values == [2.0, 4.0]
    with pytest.raises(ValueError, match="longer"):
        minus(Measured([3.0]), Measured([1.0, 2.0]))


@pytest.mark.slow
def test_a_known_distribution_has_the_accuracy_that_bayes_gives() -> None:
    found = _known_distribution(0)
    assert found["distance_near"] < found["distance_far"]
    assert 20 < found["labels"] < 100


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_the_table_that_needs_a_gpu_gets_through_its_first_epoch_without_one(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cifar_100(trials.data_root / "cifar-100-python", monkeypatch, train=200)
    monkeypatch.setattr(on_gpu, "EPOCHS", 1)
    monkeypatch.setattr(on_gpu, "METHODS", {"kd": on_gpu.METHODS["kd"]})
    figures = on_gpu.tian_vgg(trials, 1).figures
    assert set(figures) == {"teacher", "alone", "kd"}
    assert all(0 <= figure.values[0] <= 100 for figure in figures.values())
    assert {row.epoch for row in trials.store.runs.list()} == {1}


def test_data_that_are_not_there_are_named(trials: Trials) -> None:
    with pytest.raises(DataAbsent, match="cifar-100-python is not in"):
        on_gpu.tian(trials, 3)
    with pytest.raises(DataAbsent, match="neither cifar-10-batches-py nor cifar10-jpeg"):
        trials.cifar10()


def test_jpegs_are_unpacked_once_and_whole(trials: Trials) -> None:
    with zipfile.ZipFile(trials.data_root / "cifar10-jpeg.zip", "w") as packed:
        packed.writestr("train/cat/0000.jpg", b"not looked at")
    source = trials.cifar10()
    assert (Path(source["path"]) / "train" / "cat" / "0000.jpg").exists()
    (trials.data_root / "cifar10-jpeg.zip").unlink()
    assert trials.cifar10() == source


def test_what_takes_days_here_is_begun_only_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["evidence", "--claim", "tian", "--data-root", "."])
    with pytest.raises(SystemExit):
        __main__.main()
    assert "tian needs a GPU, for hours: ask for it with --full" in capsys.readouterr().err


def test_hours_left_follow_the_pace_and_before_there_is_one_the_budget() -> None:
    assert __main__.Progress("claim", 4, 10, 2.0, 8.0, None).left == pytest.approx(3.0)
    assert __main__.Progress("claim", 4, 10, 0.0, 8.0, None).left == pytest.approx(
        4.8
    )  # another claim trained the four
    assert __main__.Progress("claim", 0, 10, 0.0, 8.0, None).left == pytest.approx(8.0)
