"""Draw your own: who is asked and where, what the pad is given, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kd_core.store import Store
from kd_core.vocabulary import ARMS
from pages.parts.recorded import recorded_drawing, recorded_logits, recorded_networks
from pages.parts.samples.sample_order import best_look_alikes, ordered
from pages.parts.soft_labels.drawing import pad
from pages.parts.soft_labels.drawing.networks import drawing_networks
from tests.pages.conftest import App, TrainedHome, train_tiny_race


def data_of(page: AppTest, part: str) -> dict[str, Any]:
    """What the component whose data have this part was given."""
    found = [json.loads(one.proto.json) for one in page.get("bidi_component") if f'"{part}"' in one.proto.json]
    assert len(found) == 1, [list(data) for data in found]
    data: dict[str, Any] = found[0]
    return data


def drawn_on(stored_image: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(stored_image.tobytes()).decode()


# --- the recorded race ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", ARMS)
def test_the_recorded_networks_say_what_was_recorded(arm: str) -> None:
    stored, network = recorded_logits(), recorded_networks()[arm]
    values, at = (stored.images.reshape(600, 64) / 255 - network.mean[0]) / network.sd[0], 0
    for layer in network.layers:
        if layer["kind"] == "linear":
            inputs, outputs = layer["inputs"], layer["outputs"]
            weight = network.weights[at : at + inputs * outputs].reshape(outputs, inputs)
            at += inputs * outputs
            values = values @ weight.T + network.weights[at : at + outputs]
            at += outputs
        elif layer["kind"] == "relu":
            values = np.maximum(values, 0)
    assert at == network.weights.size
    # Both were kept in half precision.
    assert np.abs(values - stored.logits[arm]).max() < 0.1
    assert (values.argmax(1) == stored.logits[arm].argmax(1)).mean() > 0.995


def test_the_recorded_networks_are_small_enough_to_come_with_the_product() -> None:
    from pages.parts.recorded import files

    assert files.NETWORKS.stat().st_size < 300_000


def test_before_anything_is_trained_the_recorded_race_can_be_drawn_for(app: App, tmp_path: Any) -> None:
    page = app(tmp_path, page="soft_labels", subject="drawing")
    assert not page.exception
    data = data_of(page, "preparation")
    assert [asked["role"] for asked in data["asked"]] == list(ARMS)
    assert all(asked["here"] for asked in data["asked"])
    assert data["preparation"] == json.loads(json.dumps(recorded_drawing().to_json()))
    assert set(data_of(page, "networks")["networks"]) == {asked["id"] for asked in data["asked"]}
    assert "recorded" in " ".join(one.value for one in page.caption)


def test_a_link_without_a_subject_shows_a_test_image_and_one_to_a_drawing_the_pad(app: App, tmp_path: Any) -> None:
    page = app(tmp_path, page="soft_labels")
    assert not [one for one in page.get("bidi_component") if '"preparation"' in one.proto.json]
    page = app(tmp_path, page="soft_labels", subject="sculpture")
    assert not [one for one in page.get("bidi_component") if '"preparation"' in one.proto.json]


def test_the_pad_has_the_view_of_the_link_and_the_image_that_is_looked_at(app: App, tmp_path: Any) -> None:
    page = app(tmp_path, page="soft_labels", subject="drawing", T="inf", axis="log", sample="7")
    data = data_of(page, "preparation")
    assert (data["bars"]["temperature"], data["bars"]["axis"]) == ("inf", "log")
    assert data["sample"] == drawn_on(recorded_logits().images[7])


# --- a race of one's own, or somebody else's -----------------------------------------------------------------------


@pytest.mark.usefixtures("warm")
def test_a_trained_race_answers_in_the_browser(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="soft_labels", subject="drawing", study=trained_home.study)
    assert not page.exception
    data = data_of(page, "preparation")
    store = Store(trained_home.home)
    runs = {m.arm: m.run for m in store.studies.members(trained_home.study) if m.seed == 0}
    store.close()
    assert {asked["role"]: asked["id"] for asked in data["asked"]} == {arm: runs[arm] for arm in ARMS}
    networks = data_of(page, "networks")["networks"]
    weights = np.frombuffer(base64.b64decode(networks[runs["alone"]]["weights"]), np.float32)
    assert weights.size == 64 * 12 + 12 + 12 * 12 + 12 + 12 * 10 + 10


@pytest.mark.usefixtures("warm")
def test_a_network_that_is_too_large_is_answered_by_python(
    app: App, trained_home: TrainedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kd_core.inference import plain_network_of_run

    plain_network_of_run.cache_clear()
    monkeypatch.setattr("kd_core.inference.plain_network.MOST_BYTES", 10_000)
    page = app(trained_home.home, page="soft_labels", subject="drawing", study=trained_home.study)
    here = {asked["role"]: asked["here"] for asked in data_of(page, "preparation")["asked"]}
    assert here == {"teacher": False, "alone": True, "distilled": True}
    assert any("server" in one.value and "Teacher" in one.value for one in page.caption)

    from pages.parts.app import store
    from pages.parts.soft_labels.drawing import networks as module

    stored = module_stored(store(), trained_home.study)
    answers = drawing_networks(stored).answer(stored.images[3])
    assert set(answers) == {"teacher"}
    assert answers["teacher"] == pytest.approx(stored.logits["teacher"][3].tolist(), abs=0.05)
    module._logits.cache_clear()
    plain_network_of_run.cache_clear()


def module_stored(store: Store, study: str) -> Any:
    from kd_core.results import stored_logits

    return stored_logits.load_study_logits(store, study)


@pytest.mark.usefixtures("warm")
def test_a_network_that_lost_its_weights_is_told_and_the_others_answer(app: App, tmp_path: Any) -> None:
    study = train_tiny_race(tmp_path, seeds=1)
    store = Store(tmp_path)
    run = next(member.run for member in store.studies.members(study) if member.arm == "alone")
    store.close()
    (tmp_path / "runs" / str(run) / "weights.safetensors").unlink()
    page = app(tmp_path, page="soft_labels", subject="drawing", study=study)
    assert not page.exception
    assert [asked["role"] for asked in data_of(page, "preparation")["asked"]] == ["teacher", "distilled"]
    assert any("Student alone" in one.value and "weights" in one.value for one in page.info)


@pytest.mark.usefixtures("warm")
def test_somebody_elses_race_can_be_drawn_for(
    app: App, trained_home: TrainedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KD_MODE", "class")
    monkeypatch.setenv("KD_LECTURER", "chalk")
    page = app(trained_home.home, page="soft_labels", visitor="somebody", subject="drawing", study=trained_home.study)
    assert not page.exception
    assert all(asked["here"] for asked in data_of(page, "preparation")["asked"])


@pytest.mark.usefixtures("warm")
def test_a_study_of_which_no_network_has_come_to_its_end_says_so(app: App, tmp_path: Any) -> None:
    study = train_tiny_race(tmp_path, seeds=1)
    store = Store(tmp_path)
    runs = [str(member.run) for member in store.studies.members(study)]
    store.runs.update(*runs, status="running")
    store.studies.update(study, status="running")
    store.close()
    page = app(tmp_path, page="soft_labels", subject="drawing", study=study)
    assert not page.exception
    assert not [one for one in page.get("bidi_component") if '"preparation"' in one.proto.json]
    assert any("No network of this study can be asked about a drawing yet" in one.value for one in page.info)


# --- what the browser sends ----------------------------------------------------------------------------------------


def test_only_an_image_of_the_right_size_is_taken_from_the_browser() -> None:
    image = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    assert (pad.read_image({"image": drawn_on(image)}, (1, 8, 8)) == image).all()  # type: ignore[union-attr]
    for sent in ("", None, 3, "no base64 %", drawn_on(image)[:-4], "é", [1, 2]):
        assert pad.read_image({"image": sent}, (1, 8, 8)) is None
    assert pad.read_image({}, (1, 8, 8)) is None
    assert pad.read_image({"image": drawn_on(image)}, (1, 9, 9)) is None


# --- look-alikes ---------------------------------------------------------------------------------------------------


def test_look_alikes_are_ranked_at_the_view_temperature() -> None:
    # e^-5 / (1 + e^-1) against e^-7 at T = 1; at T = 20 what counts is how far class 1 lies from the mean: -3 and +1.3.
    logits = {"teacher": np.array([[5.0, 0.0, 4.0], [9.0, 2.0, -9.0]])}
    labels = np.array([0, 0])
    at = {T: ordered("lookalikes", logits, labels, of_class=0, like=1, temperature=T).tolist() for T in (1.0, 20.0)}
    expected = {
        T: np.argsort([-np.exp(z / T)[1] / np.exp(z / T).sum() for z in logits["teacher"]]).tolist() for T in at
    }
    assert at == expected
    assert at[1.0] != at[20.0]


def test_the_best_look_alike_of_every_other_class_is_the_one_with_its_highest_probability() -> None:
    logits = np.array([[3.0, 1.0, 0.0], [3.0, 0.0, 2.0], [0.0, 3.0, 0.0], [np.nan, 9.0, 9.0]])
    best = best_look_alikes(logits, np.array([0, 0, 1, 0]), 0)
    soft = np.exp(logits[:2]) / np.exp(logits[:2]).sum(1, keepdims=True)
    assert {like: index for like, (index, _) in best.items()} == {2: 1, 1: 0}
    assert list(best) == [2, 1]
    assert [p for _, p in best.values()] == pytest.approx([soft[1, 2], soft[0, 1]])
    assert best_look_alikes(logits, np.array([1, 1, 1, 0]), 0) == {}


def test_a_look_alike_is_one_press_and_then_leads_the_pictures(app: App, tmp_path: Any) -> None:
    page = app(tmp_path, page="soft_labels", sample="0", T="2")
    stored = recorded_logits()
    label = int(stored.labels[0])
    offered = next(
        json.loads(one.proto.json)
        for one in page.get("bidi_component")
        if json.loads(one.proto.json).get("kind") == "look-alike-"
    )
    best = best_look_alikes(stored.logits["teacher"], stored.labels, label, 2.0)
    assert [tile["index"] for tile in offered["tiles"]] == list(best)
    assert len(best) == 9
