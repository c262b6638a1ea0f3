"""Files of runs and sources: arrays come back as they were, logits as float16."""

from __future__ import annotations

import numpy as np

from kd_core.store import Store


def test_arrays_come_back_with_their_shapes_a_number_alone_too(store: Store) -> None:
    transposed = np.arange(12, dtype=np.float32).reshape(3, 4).T
    kept = {"w": transposed, "count": np.array(7), "progress": np.array([1.0, -1.0]), "empty": np.zeros((0, 3))}
    store.files.save_checkpoint("r", kept)
    back = store.files.checkpoint("r")
    assert back is not None and back.keys() == kept.keys()
    for name, values in kept.items():
        np.testing.assert_array_equal(back[name], values)
        assert back[name].shape == values.shape and back[name].dtype == values.dtype
    store.files.drop_checkpoint("r")
    assert store.files.checkpoint("r") is None


def test_logits_are_kept_as_float16_and_clipped_instead_of_infinite(store: Store) -> None:
    logits = np.array([[1e9, -1e9, 0.1]], dtype=np.float32)
    store.files.save_logits("r", 3, {"test": logits, "validation": logits})
    back = store.files.logits("r", 3)
    assert back is not None and back.dtype == np.float32
    np.testing.assert_allclose(back, [[65504, -65504, 0.1]], rtol=1e-3)
    assert store.files.logits("r", 3, "train") is None
    assert store.files.logits("r", 4) is None


def test_epochs_of_kept_logits_are_listed_and_forgotten_one_by_one(store: Store) -> None:
    for number in (10, 2, 0):
        store.files.save_logits("r", number, {"test": np.zeros((1, 2))})
    assert store.files.kept_epochs("r") == [0, 2, 10]
    store.files.drop_logits("r", 2)
    assert store.files.kept_epochs("r") == [0, 10]


def test_a_dataset_s_test_images_are_kept_once_with_its_facts(store: Store) -> None:
    images = np.zeros((2, 1, 2, 2), dtype=np.uint8)
    store.files.save_source("s", {"images": images}, {"classes": ["a", "b"]})
    store.files.save_source("s", {"images": images + 1}, {"classes": []})
    back = store.files.source("s")
    assert back is not None
    np.testing.assert_array_equal(back[0]["images"], images)
    assert back[1] == {"classes": ["a", "b"]}
    assert store.files.source("t") is None
