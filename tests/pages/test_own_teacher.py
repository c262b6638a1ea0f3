"""A teacher from a file on the Race page: offered, told, checked, and a race that has no teacher to test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save
from streamlit.testing.v1 import AppTest

from kd_core.datasets import DATASETS
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from tests.experiments.run_studies import carried_out
from tests.pages.conftest import App
from tests.pages.page_words import said
from tests.small_studies import DATA

DIGITS = DATASETS["digits"]().load(DATA)
LABELS = DIGITS.train.labels.numpy()


def big_logits() -> NDArray[np.float32]:
    """A network that is right about most images, and not sure of any."""
    logits = np.random.default_rng(0).normal(0, 1, (len(LABELS), 10)).astype(np.float32)
    logits[np.arange(len(LABELS)), LABELS] += 3
    return logits


def given(page: AppTest, kind: str, name: str, content: bytes) -> AppTest:
    page.segmented_control(key="own_teacher_kind").set_value(kind).run()
    page.file_uploader(key=f"own_teacher_file_{kind}").set_value((name, content, "")).run()
    page.button(key="own_teacher_use").click().run()
    assert not page.exception, page.exception
    return page


def test_uploaded_logits_teach_and_are_named_in_the_link(app: App, tmp_path: Path, warm: None) -> None:
    (tmp_path / "big.npz").touch()
    np.savez(tmp_path / "big.npz", logits=big_logits(), labels=LABELS)
    page = given(app(tmp_path / "home"), "logits", "big.npz", (tmp_path / "big.npz").read_bytes())
    assert "The logits in “big.npz” teach" in said(page, "caption")
    link = dict(page.session_state["link"])
    again = app(tmp_path / "home", **link)
    assert "The logits in “big.npz” teach" in said(again, "caption")
    again.button(key="race_start").click().run()
    (study,) = Store(tmp_path / "home").studies.list()
    assert {member["arm"] for member in study.spec["members"]} == {"alone", "distilled"}
    again.button(key="own_teacher_train").click().run()
    assert "teacher.given_logits" not in again.session_state["link"]


def test_weights_of_another_network_are_told_before_the_start(app: App, tmp_path: Path, warm: None) -> None:
    page = given(app(tmp_path / "home"), "weights", "big.safetensors", save({"fc.weight": np.zeros((10, 3))}))
    assert "no tensor 'hidden.0.weight', for which the network has the shape" in said(page, "error")
    assert page.button(key="race_start").disabled


def test_logits_about_other_images_are_told_before_the_start(app: App, tmp_path: Path, warm: None) -> None:
    page = given(app(tmp_path / "home"), "logits", "small.csv", b"1.5,2\n2.5,3\n")
    assert f"it has 2 rows, and the training split has {len(LABELS):,} images" in said(page, "error")
    assert page.button(key="race_start").disabled


def test_logits_that_cannot_be_read_are_told_and_change_nothing(app: App, tmp_path: Path, warm: None) -> None:
    page = given(app(tmp_path / "home"), "logits", "big.csv", b"1,2\n3,nan\n")
    assert "row 2 (line 2), column 2: 'nan' is no finite number" in said(page, "error")
    assert not any("given" in part for part in page.session_state["link"])


def test_a_link_cannot_name_a_file_of_the_server(app: App, tmp_path: Path, warm: None) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("1,2\n")
    for value in (str(secret), f'{{"path": "{secret}"}}'):
        page = app(tmp_path / "home", **{"teacher.given_logits": value})
        assert "teacher.given_logits" not in page.session_state["link"]
    whole = f'{{"data": {{"source": "digits"}}, "student": "mlp", "given_weights": "{secret}"}}'
    assert "teacher" not in app(tmp_path / "home", teacher=whole).session_state["link"]


@pytest.mark.parametrize("page", ["race", "soft_labels", "compare", "speed"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_race_with_given_logits_is_shown_on_every_page(
    app: App, tmp_path: Path, warm: None, page: str, language: str
) -> None:
    np.savez(tmp_path / "big.npz", logits=big_logits())
    store = Store(tmp_path / "home")
    changes = {"optim.epochs": 2, "teacher.given_logits": str(tmp_path / "big.npz")}
    study = carried_out(store, Study.race(PRESETS["digits"].recipe.changed(changes), 2, "digits"))
    shown = app(tmp_path / "home", page=page, study=study, language=language)
    assert not shown.exception, shown.exception
    if page == "race":
        assert "big.npz" in said(shown, "caption")


def test_a_method_race_with_given_logits_is_shown(app: App, tmp_path: Path, warm: None) -> None:
    np.savez(tmp_path / "big.npz", logits=big_logits())
    store = Store(tmp_path / "home")
    changes = {"optim.epochs": 2, "teacher.given_logits": str(tmp_path / "big.npz")}
    recipe = PRESETS["digits"].recipe.changed(changes)
    study = carried_out(store, Study.compare(recipe, ["soft_targets", "decoupled", "hints"], 1, "digits"))
    assert store.studies.get(study).status == "done"
    shown = app(tmp_path / "home", page="method_race", study=study)
    assert not shown.exception, shown.exception
