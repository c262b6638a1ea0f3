"""A store with thirteen prepared races on digits; equal teachers are trained once."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from tests.small_studies import DATA


class Prepared(NamedTuple):
    """A finished race in a store."""

    store: Store
    study: str


Race = Callable[..., Prepared]
TESTED_A_CLASS = 5


@pytest.fixture(scope="session")
def race(tmp_path_factory: pytest.TempPathFactory) -> Race:
    """`race(seeds, changes)`: the digits preset, changed, trained once, however often it is asked for."""
    store = Store(tmp_path_factory.mktemp("doctor"))

    @cache
    def trained(seeds: int, changes: tuple[tuple[str, Any], ...]) -> str:
        recipe = PRESETS["digits"].recipe.changed(dict(changes))
        study = store.studies.add(Study.race(recipe, seeds, "digits"), status="running")
        run_study(store, study, data_root=DATA)
        assert store.studies.get(study).status == "done"
        return study

    def prepared(seeds: int, changes: dict[str, Any]) -> Prepared:
        frozen = {path: tuple(value) if isinstance(value, list) else value for path, value in changes.items()}
        return Prepared(store, trained(seeds, tuple(frozen.items())))

    return prepared


@pytest.fixture(scope="session")
def fifty_test_images(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with 1,200 of the digits to learn from and five of each class to be judged by."""
    root = tmp_path_factory.mktemp("fifty")
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    test = [at for k in range(10) for at in [i for i in order[1200:] if digits.target[i] == k][:TESTED_A_CLASS]]
    for part, indices in (("train", order[:1200]), ("test", test)):
        for at in indices:
            _write(root / part / str(digits.target[at]), int(at), digits.images[at])
    return str(root)


def _write(folder: Path, number: int, pixels: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    Image.fromarray((pixels * 255 / 16).astype(np.uint8)).save(stream, "png")
    (folder / f"{number:04}.png").write_bytes(stream.getvalue())
