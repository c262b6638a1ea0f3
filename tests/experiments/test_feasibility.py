"""What cannot be trained is found out before anything is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from run_studies import carried_out, runs

from kd_core.datasets import Conditions, prepare
from kd_core.errors import InvalidSetting, KDError, RecipeMismatch
from kd_core.recipe import PRESETS, Recipe, Study, changes_to_fit, check_study, outline
from kd_core.store import Store
from tests.image_folders import make_images
from tests.small_studies import recipe


def on_images(folder: Path, **changes: Any) -> Recipe:
    """The small student and teacher on a folder of images, 8 x 8."""
    images = {"name": "image_folder", "path": str(folder), "size": 8}
    chosen = recipe(data__labelled=None).changed({"data.source": images})
    return chosen.changed({name.replace("__", "."): value for name, value in changes.items()})


IMPOSSIBLE = [
    # 1,797 digits less 600 for the test and 150 for validation.
    ({"data__labelled": 1048}, "'data.labelled' cannot be 1048: only 1,047 training images"),
    ({"data__labelled": 9}, "every one of the 10 classes"),
    ({"teacher__data__labelled": 2000}, "'teacher.data.labelled' cannot be 2000"),
    ({"data__dropped_classes": [10]}, "numbered 0 to 9"),
    ({"data__dropped_classes": [*range(10)]}, "drops every class"),
    ({"data__dropped_classes": [*range(9)], "data__label_noise": 0.1, "data__labelled": 20}, "only one class left"),
    ({"student": {"name": "resnet18"}, "optim__batch": 1}, "these batches hold one. Choose a larger batch size"),
    ({"student": {"name": "convnet", "channels": [8] * 4}}, "too small for"),
    ({"protocol": {"name": "federated", "clients": 20}, "data__labelled": 30}, "only 15 with a label are left"),
]


@pytest.mark.parametrize(("changes", "sentence"), IMPOSSIBLE)
def test_what_cannot_be_trained_is_refused_before_the_teacher_is(
    changes: dict[str, Any], sentence: str, store: Store
) -> None:
    study = Study.race(recipe(**changes))
    with pytest.raises(KDError, match=sentence):
        check_study(study)
    made = carried_out(store, study)
    row = store.studies.get(made)
    assert row.status == "failed" and row.error is not None and sentence in row.error["sentence"].replace("\\", "")
    assert runs(store, made) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"data__labelled": 1047},
        {"data__labelled": 10},
        {"data__dropped_classes": [*range(9)], "data__labelled": 50},
        {"optim__batch": 5000},
        {"optim__batch": 1},
        {"protocol": {"name": "federated", "clients": 15}, "data__labelled": 30},
    ],
)
def test_what_can_just_be_trained_is_not_refused(changes: dict[str, Any]) -> None:
    check_study(Study.race(recipe(**changes)))


def test_all_presets_can_be_trained() -> None:
    for preset in PRESETS.values():
        check_study(Study.race(preset.recipe, 1, preset.name))


def test_one_value_of_a_sweep_that_cannot_be_is_found_with_its_setting() -> None:
    with pytest.raises(InvalidSetting, match="cannot be 1500: only 1,047 training images"):
        check_study(Study.sweep(recipe(), {"data.labelled": [100, 1500]}))


def test_a_folder_is_counted_by_its_names_and_a_broken_file_is_found_by_the_job(tmp_path: Path, store: Store) -> None:
    images = tmp_path / "images"  # the store lies beside it
    make_images(images, {"cat": 40, "dog": 40, "owl": 40})
    # Of 120 images 18 are for the test and 18 for validation.
    check_study(Study.race(on_images(images, data__labelled=84)))
    with pytest.raises(InvalidSetting, match="only 84 training images"):
        check_study(Study.race(on_images(images, data__labelled=85)))
    (images / "cat" / "0000.png").write_bytes(b"broken")
    check_study(Study.race(on_images(images, data__labelled=84)))
    made = carried_out(store, Study.race(on_images(images, data__labelled=84)))
    error = store.studies.get(made).error
    assert error is not None and "only 83 training images" in error["sentence"]
    assert runs(store, made) == []


def test_a_folder_that_is_gone_or_has_changed_is_told(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 5, "dog": 5})
    chosen = on_images(tmp_path)
    (tmp_path / "cat" / "0000.png").unlink()
    with pytest.raises(KDError, match="changed since it was chosen"):
        check_study(Study.race(chosen))


def test_a_network_that_the_size_of_the_images_is_too_small_for_is_told(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 5, "dog": 5})
    deep = {"student": {"name": "convnet", "channels": [8, 8, 8, 8]}}
    with pytest.raises(RecipeMismatch, match="Images of 8 x 8 pixels are too small"):
        check_study(Study.race(on_images(tmp_path, **deep)))
    check_study(Study.race(on_images(tmp_path, **deep, data__source__size=16)))


def test_a_recipe_is_fitted_to_a_dataset_by_no_more_than_it_must(tmp_path: Path) -> None:
    make_images(tmp_path, {"cat": 40, "dog": 40, "owl": 40})
    dataset = on_images(tmp_path).data.source.outline()
    assert dataset is not None
    wanted = on_images(tmp_path, data__labelled=200, teacher__data__labelled=2, data__dropped_classes=[1, 7])
    assert changes_to_fit(wanted, dataset) == {
        "data.dropped_classes": [1],
        "data.labelled": None,
        "teacher.data.labelled": 3,
    }
    check_study(Study.race(wanted.changed(changes_to_fit(wanted, dataset))))
    assert changes_to_fit(on_images(tmp_path, data__labelled=84), dataset) == {}
    few = on_images(tmp_path, data__dropped_classes=[0, 1], data__label_noise=0.5, data__labelled=10)
    assert changes_to_fit(few, dataset) == {"data.label_noise": 0.0}


@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_of_every_class_is_what_training_gets(seed: int) -> None:
    from kd_core.datasets import DATASETS, images_left

    loaded, known = DATASETS["digits"]().load(Path()), outline(DATASETS["digits"]())
    assert known is not None
    train = prepare(Conditions(), loaded, seed).train
    assert images_left(loaded, seed).tolist() == train.labels.bincount().tolist()
    # Without pixels the images lie in another order, and which class gives one image more is drawn.
    assert (images_left(known, seed) - images_left(loaded, seed)).abs().max() <= 1
