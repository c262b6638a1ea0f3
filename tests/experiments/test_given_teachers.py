"""A teacher from a file: of its weights, or of what it says about the training images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from kd_core.datasets import DATASETS
from kd_core.errors import InvalidSetting, KDError, RecipeMismatch, UploadRefused
from kd_core.experiments.study_context import StudyContext
from kd_core.own_files import check_weights, read_weights, training_logits
from kd_core.recipe import Recipe, Study, check_study, given_logits
from kd_core.store import Store
from kd_core.training import predict_logits
from tests.experiments.run_studies import assert_same_numbers, carried_out
from tests.small_studies import DATA, recipe

DIGITS = DATASETS["digits"]().load(DATA)
LABELS = DIGITS.train.labels.numpy()
CLASSES = DIGITS.train.classes


def run_of(store: Store, study: str, arm: str, seed: int = 0) -> str:
    members = store.studies.members(study)
    (run,) = {row.run for row in members if row.arm == arm and row.seed == seed}
    assert run is not None
    return run


def logits_of(store: Store, trained: Recipe) -> NDArray[np.float32]:
    """What the trained teacher says about every image of the training split, validation among them."""
    context = StudyContext(store, DATA, device="cpu")
    return predict_logits(context.trained_network(trained), DIGITS.train).numpy()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """A race whose teacher was trained here."""
    store = Store(tmp_path_factory.mktemp("trained"))
    return store, carried_out(store, Study.race(recipe()))


@pytest.fixture
def weights_file(trained: tuple[Store, str], tmp_path: Path) -> Path:
    store, study = trained
    weights = store.files.weights(run_of(store, study, "teacher"))
    assert weights is not None
    save_file(weights, tmp_path / "teacher.safetensors")
    return tmp_path / "teacher.safetensors"


@pytest.fixture
def teacher_logits(trained: tuple[Store, str]) -> NDArray[np.float32]:
    teacher = recipe().teacher
    assert teacher is not None
    return logits_of(trained[0], teacher)


def test_a_student_learns_the_same_from_a_teachers_file_as_from_the_teacher(
    trained: tuple[Store, str], weights_file: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "home")
    study = carried_out(store, Study.race(recipe(teacher__given_weights=str(weights_file))))
    assert store.studies.get(study).status == "done"
    for arm in ("alone", "distilled"):
        assert_same_numbers((store, run_of(store, study, arm)), (trained[0], run_of(*trained, arm)))


def test_a_teacher_from_a_file_is_done_at_once_and_scores_as_the_network_did(
    trained: tuple[Store, str], weights_file: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "home")
    study = carried_out(store, Study.race(recipe(teacher__given_weights=str(weights_file))))
    run = store.runs.get(run_of(store, study, "teacher"))
    (epoch,) = store.runs.epochs([run.id])
    (before,) = trained[0].runs.reported([run_of(*trained, "teacher")])
    assert (run.status, run.epoch, run.seconds, run.reported_epoch) == ("done", 1, 0, 0)
    assert epoch.scores == before.scores
    assert epoch.loss > 0


def test_a_student_learns_the_same_from_a_file_of_logits_whatever_the_order_of_its_rows(
    trained: tuple[Store, str], teacher_logits: NDArray[np.float32], tmp_path: Path
) -> None:
    order = np.random.default_rng(5).permutation(len(LABELS))
    np.savez(tmp_path / "logits.npz", logits=teacher_logits[order], labels=LABELS[order], index=order)
    store = Store(tmp_path / "home")
    study = carried_out(store, Study.race(recipe(teacher__given_logits=str(tmp_path / "logits.npz"))))
    assert store.studies.get(study).status == "done"
    assert {row.arm for row in store.studies.members(study)} == {"alone", "distilled"}
    for arm in ("alone", "distilled"):
        assert_same_numbers((store, run_of(store, study, arm)), (trained[0], run_of(*trained, arm)))


def test_logits_teach_several_seeds_as_lanes_of_one_loop(teacher_logits: NDArray[np.float32], tmp_path: Path) -> None:
    np.savez(tmp_path / "logits.npz", logits=teacher_logits)
    store = Store(tmp_path / "home")
    study = carried_out(store, Study.race(recipe(teacher__given_logits=str(tmp_path / "logits.npz")), seeds=2))
    executions = [store.runs.get(run_of(store, study, "distilled", seed)).execution for seed in (0, 1)]
    assert [execution and execution["lanes"] for execution in executions] == [2, 2]


def test_another_content_is_another_recipe_and_the_same_path_with_it_is_refused(
    weights_file: Path, tmp_path: Path
) -> None:
    first = recipe(teacher__given_weights=str(weights_file))
    assert Recipe.from_json(json.loads(json.dumps(first.to_json()))) == first
    weights = read_weights(weights_file)
    save_file({name: values * 2 for name, values in weights.items()}, weights_file)
    second = recipe(teacher__given_weights=str(weights_file))
    assert first.fingerprint() != second.fingerprint()
    store = Store(tmp_path / "home")
    study = carried_out(store, Study.race(first))
    row = store.studies.get(study)
    assert row.status == "failed" and row.error is not None
    assert "has changed since it was chosen" in row.error["sentence"]


def test_a_recipe_without_files_has_the_fingerprint_that_it_always_had() -> None:
    assert "given" not in json.dumps(recipe().to_json())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "hints"}, "compares features"),
        ({"data__augmentation": "shift_flip"}, "augmentation"),
        ({"start": "teacher"}, "without layers"),
        ({"protocol": "several_teachers", "others": [{"name": "mlp"}]}, "asks the network itself"),
    ],
)
def test_what_needs_the_teacher_itself_is_refused_when_the_recipe_is_built(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    np.savez(tmp_path / "logits.npz", logits=np.zeros((3, 10)))
    given = recipe(teacher__given_logits=str(tmp_path / "logits.npz"))
    if "data__augmentation" in change:
        choices = type(given.data).model_fields["augmentation"].annotation
        change = {"data__augmentation": next(name for name in choices.__args__ if name != "none")}
    with pytest.raises(RecipeMismatch, match=words):
        given.changed({name.replace("__", "."): value for name, value in change.items()})


def test_a_method_race_says_which_techniques_logits_alone_do_not_do(tmp_path: Path) -> None:
    np.savez(tmp_path / "logits.npz", logits=np.zeros((3, 10)))
    given = recipe(teacher__given_logits=str(tmp_path / "logits.npz"))
    study = Study.compare(given, ["soft_targets", "decoupled", "hints", "relational", "label_smoothing"])
    assert {str(cell) for cell in map(lambda cell: next(iter(cell.values())), study.cells)} == {
        "soft_targets",
        "decoupled",
        "label_smoothing",
    }
    assert study.refused.keys() == {"hints", "relational"}
    assert all("file of logits" in sentence for sentence in study.refused.values())


def test_a_network_from_a_file_learns_nothing(weights_file: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "logits.npz", logits=np.zeros((3, 10)))
    with pytest.raises(RecipeMismatch, match="learns nothing"):
        recipe(given_weights=str(weights_file))
    with pytest.raises(RecipeMismatch, match="not from both"):
        both = {"teacher__given_logits": str(tmp_path / "logits.npz")}
        recipe(teacher__given_weights=str(weights_file), **both)
    with pytest.raises(InvalidSetting, match=r"teacher.given_weights.*no such file"):
        recipe(teacher__given_weights=str(tmp_path / "missing.safetensors"))


def test_bfloat16_weights_load(trained: tuple[Store, str], weights_file: Path) -> None:
    tensors = {name: torch.from_numpy(values).to(torch.bfloat16) for name, values in read_weights(weights_file).items()}
    save_tensors(tensors, weights_file)
    for name, values in read_weights(weights_file).items():
        np.testing.assert_array_equal(values, tensors[name].float().numpy())
    check_study(Study.race(recipe(teacher__given_weights=str(weights_file))))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden.0.weight": None}, "no tensor 'hidden.0.weight', for which the network has the shape 32 x 64"),
        ({"hidden.0.bias": np.zeros(31, np.float32)}, "'hidden.0.bias' has the shape 31 in the file and 32 in the"),
        ({"classifier.weight": np.zeros((3, 32), np.float32)}, "has the shape 3 x 32 in the file and 10 x 32"),
        ({"head.weight": np.zeros((1,), np.float32)}, "it has a tensor 'head.weight' of the shape 1"),
        ({"classifier.bias": np.full(10, np.nan, np.float32)}, "'classifier.bias' holds a number that is not finite"),
    ],
)
def test_weights_of_another_network_are_refused_by_the_first_wrong_name_and_both_shapes(
    weights_file: Path, change: dict[str, Any], words: str
) -> None:
    weights = {**read_weights(weights_file), **change}
    save_file({name: values for name, values in weights.items() if values is not None}, weights_file)
    with pytest.raises(UploadRefused) as caught:
        check_study(Study.race(recipe(teacher__given_weights=str(weights_file))))
    assert words in str(caught.value)


def test_a_wrong_name_is_asked_after(weights_file: Path) -> None:
    weights = {name.replace("classifier", "classifer"): values for name, values in read_weights(weights_file).items()}
    with pytest.raises(UploadRefused, match=r"Did you mean 'classifer.weight'"):
        check_weights(weights, {"classifier.weight": (10, 32)}, "own.safetensors")


def test_what_is_no_file_of_weights_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "own.pt")
    (tmp_path / "text.safetensors").write_text("1,2\n")
    (tmp_path / "cut.safetensors").write_bytes((300).to_bytes(8, "little") + b'{"a":' + b" " * 400)
    for name in ("own.pt", "text.safetensors", "cut.safetensors", "missing.safetensors"):
        with pytest.raises(UploadRefused):
            read_weights(tmp_path / name)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"logits": np.zeros((5, 10))}, "5 rows, and the training split has"),
        ({"logits": np.zeros((len(LABELS), 9))}, "9 columns of logits, and there are 10 classes"),
        ({"logits": np.zeros((len(LABELS), 10)), "labels": (LABELS + 1) % 10}, "the dataset says"),
        (
            {"logits": np.zeros((len(LABELS), 10)), "index": np.zeros(len(LABELS), int)},
            "is about image 0, which occurs",
        ),
        ({"a": np.zeros((len(LABELS), 10)), "b": np.zeros((len(LABELS), 10))}, "two models"),
    ],
)
def test_logits_about_other_images_are_refused(tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    np.savez(tmp_path / "logits.npz", **arrays)
    with pytest.raises(UploadRefused) as caught:
        training_logits(tmp_path / "logits.npz", CLASSES, LABELS)
    assert words in str(caught.value)


def test_logits_about_other_images_stop_a_study_before_anything_is_trained(tmp_path: Path) -> None:
    wrong = {"logits": np.zeros((len(LABELS), 10)), "labels": (LABELS + 1) % 10}
    np.savez(tmp_path / "logits.npz", **wrong)
    store = Store(tmp_path / "home")
    study = carried_out(store, Study.race(recipe(teacher__given_logits=str(tmp_path / "logits.npz"))))
    row = store.studies.get(study)
    assert row.status == "failed" and row.error is not None and row.error["code"] == "upload_refused"
    assert store.runs.list() == []


def test_probabilities_teach_where_they_are_said_to_be_such(
    teacher_logits: NDArray[np.float32], tmp_path: Path
) -> None:
    p = torch.from_numpy(teacher_logits).double().softmax(-1).numpy()
    np.savez(tmp_path / "p.npz", p)
    given = {"path": str(tmp_path / "p.npz")}
    plain = recipe(teacher__given_logits=given).teacher
    said = recipe(teacher__given_logits={**given, "probabilities": True}).teacher
    assert plain is not None and said is not None
    assert plain.given_logits is not None and said.given_logits is not None
    with pytest.raises(UploadRefused, match="probabilities=True"):
        given_logits(plain.given_logits, DIGITS)
    taken = torch.from_numpy(given_logits(said.given_logits, DIGITS))
    np.testing.assert_allclose(taken.softmax(-1).numpy(), p, atol=1e-6)


def test_logits_in_every_format_say_the_same(teacher_logits: NDArray[np.float32], tmp_path: Path) -> None:
    lines = [",".join(["image", *CLASSES[::-1], "label"])]
    for image, (row, label) in enumerate(zip(teacher_logits.tolist(), LABELS.tolist(), strict=True)):
        lines.append(",".join([str(image), *map(repr, row[::-1]), CLASSES[label]]))
    (tmp_path / "own.csv").write_text("\n".join(lines))
    np.savez(tmp_path / "own.npz", logits=teacher_logits)
    save_file({"logits": teacher_logits, "labels": LABELS}, tmp_path / "own.safetensors")
    for name in ("own.csv", "own.npz", "own.safetensors"):
        np.testing.assert_array_equal(training_logits(tmp_path / name, CLASSES, LABELS), teacher_logits)


def test_a_file_that_is_gone_is_told(weights_file: Path, tmp_path: Path) -> None:
    gone = recipe(teacher__given_weights=str(weights_file))
    weights_file.unlink()
    with pytest.raises(KDError, match="is gone"):
        check_study(Study.race(gone))
