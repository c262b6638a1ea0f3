"""Own logits on the page: read from any format, kept for whoever brought them, and shown as they are."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from streamlit.testing.v1 import AppTest

from kd_core.functional.metrics import scores_by_lane
from kd_core.results import mean_nll, mean_soft_labels, stored_logits
from kd_core.results.inspection import answers_of, calibration_bins, calibration_error
from kd_core.store import Store
from kd_core.visitors import Visitor, keep_logits, kept_logits, list_kept_logits, remove_logits
from kd_core.visitors.own_logits import MOST_KEPT
from pages.parts.soft_labels.calibration_view import calibration_rows
from tests.cifar_files import make_cifar
from tests.own_files.own_logit_files import written_csv
from tests.pages.conftest import App
from tests.pages.page_words import said

ANIMALS = ("cat", "dog", "fox")
TABLE = "cat,dog,fox,label\n2.5,1.5,-1,cat\n0.5,3,1e-3,dog\n-1,0,4.25,fox\n1,2,0,cat\n"
LOGITS = np.float32([[2.5, 1.5, -1], [0.5, 3, 1e-3], [-1, 0, 4.25], [1, 2, 0]])


def softmax(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    raised = np.exp(logits.astype(np.float64) / temperature)
    result: NDArray[np.float64] = raised / raised.sum(-1, keepdims=True)
    return result


def bars_of(page: AppTest) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        next(one for one in page.get("bidi_component") if '"hard_label"' in one.proto.json).proto.json
    )
    return data


def brought(page: AppTest, *files: tuple[str, bytes], text: str = "", classes: str = "") -> AppTest:
    page.session_state["own_logits"] = True
    page.run()
    if files:
        page.file_uploader(key="own_files").set_value([(name, content, "") for name, content in files])
    page.text_area(key="own_text").set_value(text)
    page.text_input(key="own_classes").set_value(classes)
    page.run()
    page.button(key="own_use").click().run()
    assert not page.exception, page.exception
    return page


def test_a_pasted_table_is_shown_at_once_and_after_a_reload(app: App, tmp_path: Path, warm: None) -> None:
    page = brought(app(tmp_path / "home", page="soft_labels", visitor="ada"), text=TABLE)
    digest = page.session_state["link"]["own"]
    for shown in (page, app(tmp_path / "home", page="soft_labels", visitor="ada", own=digest)):
        data = bars_of(shown)
        assert data["classes"] == list(ANIMALS)
        assert data["picture"] is None
        (arm,) = data["arms"]
        assert arm["logits"] in LOGITS.astype(float).round(6).tolist()
        assert "4 rows, 3 classes, with labels" in said(shown, "caption")


def inspector_of(page: AppTest) -> dict[str, Any]:
    assert not page.exception, page.exception
    data: dict[str, Any] = json.loads(
        next(one for one in page.get("bidi_component") if '"sides"' in one.proto.json).proto.json
    )
    return data


def test_inspect_counts_what_was_brought(app: App, tmp_path: Path, warm: None) -> None:
    page = brought(app(tmp_path / "home", page="soft_labels", visitor="ada"), text=TABLE)
    digest = page.session_state["link"]["own"]
    page = app(tmp_path / "home", page="inspect", visitor="ada", own=digest)
    data = inspector_of(page)
    assert [side["role"] for side in data["sides"]] == ["model_a", "variant"]  # one model is held against itself
    assert data["classes"] == list(ANIMALS) and data["pictures"]["single"] == {}
    assert "repeats 1 of the 1 errors" in said(page, "header")  # the last row says dog and is a cat
    assert "4 rows with a label" in said(page, "caption") and "Both sides are the same network" in said(page, "caption")


def test_inspect_holds_two_own_models_against_each_other(app: App, tmp_path: Path, warm: None) -> None:
    other = LOGITS[:, [1, 0, 2]]
    files = [("a.csv", TABLE.encode()), ("b.csv", written_csv(other, header=ANIMALS).encode())]
    page = brought(app(tmp_path / "home", page="soft_labels", visitor="ada"), *files)
    page = app(tmp_path / "home", page="inspect", visitor="ada", own=page.session_state["link"]["own"])
    assert [side["role"] for side in inspector_of(page)["sides"]] == ["model_a", "model_b"]
    assert "gets 1 of them right" in said(page, "header")


def test_somebody_elses_logits_are_neither_shown_nor_listed(
    app: App, tmp_path: Path, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KD_MODE", "class")
    page = brought(app(tmp_path / "home", page="soft_labels", visitor="ada"), text=TABLE)
    digest = page.session_state["link"]["own"]
    other = app(tmp_path / "home", page="soft_labels", visitor="bob", own=digest)
    assert "own" not in other.session_state["link"]
    assert any(part == "own" for part, _ in other.session_state["link_refused"])
    lecturer = app(tmp_path / "home", page="soft_labels", visitor="lecturer", own=digest)
    assert lecturer.session_state["link"]["own"] == digest


def test_probabilities_are_asked_about_and_then_shown_as_they_are(app: App, tmp_path: Path, warm: None) -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.0, 0.25, 0.75]])
    page = brought(app(tmp_path / "home", page="soft_labels", T="1"), text=written_csv(p, header=ANIMALS))
    assert "look like probabilities" in said(page, "warning")
    page.button(key="own_probabilities").click().run()
    (arm,) = bars_of(page)["arms"]
    row = int(page.number_input(key="sample_index").value)
    np.testing.assert_allclose(softmax(np.array(arm["logits"]), 1), p[row], atol=1e-5)
    assert "Probabilities of 0: 1." in said(page, "caption")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat,dog\n1,nan\n", "row 1 (line 2), column 2 ('dog'): 'nan' is no finite number"),
        ("cat,dog\n1,2\n3\n", "row 2 (line 3) ends at column 1"),
        ("![x](https://example.org/x.png),dog\n1,oops\n", "'oops' is no number"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    app: App, tmp_path: Path, warm: None, text: str, words: str
) -> None:
    page = brought(app(tmp_path / "home", page="soft_labels"), text=text)
    assert words in said(page, "error")
    assert "own" not in page.session_state["link"]


def test_two_files_are_two_models_about_the_same_rows(app: App, tmp_path: Path, warm: None) -> None:
    other = written_csv(LOGITS[:, [2, 0, 1]] + 1, header=("fox", "cat", "dog"))
    page = brought(app(tmp_path / "home", page="soft_labels"), ("a.csv", TABLE.encode()), ("b.csv", other.encode()))
    arms = bars_of(page)["arms"]
    assert [arm["role"] for arm in arms] == ["model_a", "model_b"]
    np.testing.assert_allclose(np.array(arms[1]["logits"]), np.array(arms[0]["logits"]) + 1, atol=1e-5)
    assert "Model A is “a.csv”, model B “b.csv”" in said(page, "caption")
    short = brought(app(tmp_path / "two", page="soft_labels"), ("a.csv", TABLE.encode()), ("b.csv", b"1.5,2,3\n"))
    assert "two models must speak about the same images" in said(short, "error")


def test_without_labels_bars_stay_and_the_rest_says_what_is_missing(app: App, tmp_path: Path, warm: None) -> None:
    page = brought(app(tmp_path / "home", page="soft_labels"), text="1.5,2,-3\n0,4,2.5\n", classes="cat, dog, fox")
    assert bars_of(page)["classes"] == list(ANIMALS)
    assert bars_of(page)["hard_label"] is None
    assert "no matrix of mean soft labels" in said(page, "info") and "nobody can say" in said(page, "info")
    assert "model A says “dog”" in said(page, "header")


def test_the_matrix_and_the_reliability_diagram_are_those_of_the_logits(app: App, tmp_path: Path, warm: None) -> None:
    page = brought(app(tmp_path / "home", page="soft_labels", T="2"), text=TABLE)
    matrix, calibration = (json.loads(chart.proto.spec) for chart in page.get("plotly_chart"))
    p = softmax(LOGITS, 2)
    expected = np.stack([p[[0, 3]].mean(0), p[1], p[2]])
    shown = np.array([[cell[2] for cell in row] for row in matrix["data"][0]["customdata"]], dtype=float)
    np.testing.assert_allclose(shown, expected, rtol=5e-3)
    assert len(calibration["data"]) == 2
    assert "75.0 % accuracy" in said(page, "header")


def test_deleted_logits_are_gone(app: App, tmp_path: Path, warm: None) -> None:
    page = brought(app(tmp_path / "home", page="soft_labels", visitor="ada"), text=TABLE)
    digest = page.session_state["link"]["own"]
    page.button(key="own_delete").click().run()
    assert "own" not in page.session_state["link"]
    again = app(tmp_path / "home", page="soft_labels", visitor="ada", own=digest)
    assert "own" not in again.session_state["link"]


def test_a_link_with_anything_else_than_a_digest_reads_no_file(app: App, tmp_path: Path, warm: None) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret.safetensors").write_bytes(save({"logits": LOGITS}))
    page = app(tmp_path / "home", page="soft_labels", own="../../secret")
    assert "own" not in page.session_state["link"]


@pytest.fixture(scope="module")
def stranger(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[NDArray[np.float32], NDArray[np.int64], tuple[str, ...]]:
    """What torchvision's ResNet-18 with random weights says about a stand-in for CIFAR-10's test images."""
    from torchvision.datasets import CIFAR10
    from torchvision.models import resnet18

    root = tmp_path_factory.mktemp("cifar")
    with pytest.MonkeyPatch.context() as patch:
        make_cifar(root / "cifar-10-batches-py", patch)
        test = CIFAR10(root, train=False)
    torch.manual_seed(0)
    network = resnet18(num_classes=10).eval()
    images = torch.from_numpy(test.data).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        logits = network(images).numpy()
    return logits, np.array(test.targets), tuple(test.classes)


@pytest.mark.parametrize("kind", ["csv", "npz", "safetensors"])
def test_a_network_that_is_not_ours_is_explored_from_end_to_end(
    app: App,
    tmp_path: Path,
    warm: None,
    kind: str,
    stranger: tuple[NDArray[np.float32], NDArray[np.int64], tuple[str, ...]],
) -> None:
    logits, labels, classes = stranger
    stream = BytesIO()
    if kind == "csv":
        text = written_csv(logits, header=classes, index=range(len(logits)), labels=[classes[k] for k in labels])
        stream.write(b"\xef\xbb\xbf" + text.encode())
    elif kind == "npz":
        np.savez(stream, logits=logits, labels=labels, classes=np.array(classes))
    else:
        stream.write(save({"logits": logits, "labels": labels}, {"classes": json.dumps(classes)}))
    page = brought(app(tmp_path / "home", page="soft_labels", T="4"), (f"resnet18.{kind}", stream.getvalue()))
    digest = page.session_state["link"]["own"]
    page = app(tmp_path / "home", page="soft_labels", T="4", own=digest, sample="17")
    data = bars_of(page)
    assert data["classes"] == list(classes) and data["hard_label"] == labels[17]
    np.testing.assert_allclose(softmax(np.array(data["arms"][0]["logits"]), 4), softmax(logits[17], 4), rtol=1e-5)
    p = softmax(logits, 4)
    nats = -(p[17] * np.log(p[17])).sum()
    assert f"is {nats:.2f} of at most" in said(page, "markdown")
    expected = np.stack([p[labels == k].mean(0) for k in range(10)])
    (matrix, _) = (json.loads(chart.proto.spec) for chart in page.get("plotly_chart"))
    shown = np.array([[cell[2] for cell in row] for row in matrix["data"][0]["customdata"]], dtype=float)
    np.testing.assert_allclose(shown, expected, rtol=5e-3)
    accuracy = 100 * (logits.argmax(1) == labels).mean()
    assert f"{accuracy:.1f} % accuracy" in said(page, "header")


# --- numbers and files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_calibration_at_a_temperature_is_that_of_the_divided_logits(temperature: float) -> None:
    draws = np.random.default_rng(7)
    logits, labels = draws.normal(0, 3, (300, 10)), draws.integers(0, 10, 300)
    scaled, truth = torch.from_numpy(logits) / temperature, torch.from_numpy(labels)
    bins = calibration_bins(answers_of(logits / temperature), labels)
    assert calibration_error(bins) == pytest.approx(scores_by_lane(scaled[None].float(), truth)[0].ece, abs=1e-6)
    assert mean_nll(logits, labels, temperature) == pytest.approx(
        float(torch.nn.functional.cross_entropy(scaled, truth))
    )
    assert calibration_rows({"model_a": bins})["n"].sum() == 300


def test_rows_without_a_label_judge_nobody() -> None:
    logits, nobody = np.array([[2.0, 0.0], [0.0, 2.0], [5.0, 0.0]]), np.full(3, -1)
    assert mean_nll(logits, np.array([0, -1, -1])) == pytest.approx(np.log1p(np.exp(-2)))
    assert np.isnan(mean_nll(logits, nobody)) and np.isnan(mean_soft_labels(logits, nobody)).all()


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    from kd_core.own_files import OwnLogits

    store, ada, bob = Store(tmp_path), Visitor("ada"), Visitor("bob")
    own = OwnLogits(LOGITS, ANIMALS, np.array([0, 1, -1, 2]), np.arange(4), LOGITS + 1, ("big", "small"), 3)
    digest = keep_logits(store, ada, own, "日本 <b>.csv")
    assert keep_logits(store, ada, own, "日本 <b>.csv") == digest
    kept = kept_logits(store, ada, digest)
    assert kept is not None and kept.title == "日本 <b>.csv"
    for name in ("logits", "labels", "index", "second"):
        np.testing.assert_array_equal(getattr(kept.own, name), getattr(own, name))
    assert (kept.own.classes, kept.own.names, kept.own.zeros) == (own.classes, own.names, own.zeros)
    assert kept_logits(store, bob, digest) is None and list_kept_logits(store, bob) == {}
    remove_logits(store, bob, digest)
    assert list_kept_logits(store, ada) == {digest: "日本 <b>.csv"}
    remove_logits(store, ada, digest)
    assert kept_logits(store, ada, digest) is None


def test_one_person_keeps_so_many_and_then_is_told(tmp_path: Path) -> None:
    from kd_core.errors import UploadRefused
    from kd_core.own_files import OwnLogits

    store, ada = Store(tmp_path), Visitor("ada")
    for number in range(MOST_KEPT):
        keep_logits(store, ada, OwnLogits(LOGITS + number, None, None), "own.csv")
    with pytest.raises(UploadRefused, match=f"{MOST_KEPT} already"):
        keep_logits(store, ada, OwnLogits(LOGITS - 1, None, None), "own.csv")


def test_own_logits_are_what_every_view_of_a_study_takes() -> None:
    from kd_core.own_files import OwnLogits

    stored = stored_logits.of_own(OwnLogits(LOGITS, None, None, second=LOGITS + 1), "own.csv")
    assert stored.classes == ("0", "1", "2")
    assert (stored.has_images, stored.has_labels) == (False, False)
    assert list(stored.logits) == ["model_a", "model_b"] and len(stored.images) == len(stored.labels) == 4
