"""The loss lab: what it shows at once, that its numbers are the run's and the engine's, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kd_core.logit_losses import LossForm, form_of_method, loss_terms, pulls_over_temperature
from kd_core.recipe.presets import PRESETS
from kd_core.results import StoredLogits, stored_logits
from kd_core.store import Store
from pages.parts.loss_lab import sentences, tell_what_is_missing
from pages.parts.loss_lab.component import LabChoice, LabImage, lab_data, read_choice
from pages.parts.loss_lab.formula import with_numbers, with_symbols
from pages.parts.loss_lab.run_form import RECORDED_FORM, RunForm, form_of_recipe
from pages.parts.loss_lab.temperature_chart import TEMPERATURES, distance_figure, pull_figure, pull_rows
from pages.parts.recorded import recorded_logits
from tests.functional.fixed_input import LABELS, STUDENT, TEACHER
from tests.pages.conftest import App, TrainedHome, train_tiny_race

Z_T, Z_S, Y = TEACHER.numpy(), STUDENT.numpy(), LABELS.numpy()
CHOICE = LabChoice(LossForm(), "teacher")
CHART_WORDS = {key: key for key in ("with_t2", "without_t2", "labels", "limit", "temperature", "pull", "distance")}


def labs(page: AppTest) -> dict[str, dict[str, Any]]:
    """Return what the labs of a page were sent, by key."""
    assert not page.exception, page.exception
    sent = [json.loads(part.proto.json) for part in page.get("bidi_component") if '"reset_form"' in part.proto.json]
    return {data["id"]: data for data in sent}


def titles(page: AppTest) -> list[str]:
    return [header.value for header in page.header]


def refused(page: AppTest) -> dict[str, str]:
    told = page.session_state["link_refused"] if "link_refused" in page.session_state else {}  # noqa: SIM401 (no get)
    return {part: reason for part, reason in told}


# The page


def test_a_store_without_a_study_shows_the_recorded_race(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="loss_lab", sample="7")
    lab, recorded = labs(page)["loss_lab"], recorded_logits()
    assert lab["teacher"] == pytest.approx(recorded.logits["teacher"][7].tolist(), rel=1e-5)
    assert lab["student"] == pytest.approx(recorded.logits["distilled"][7].tolist(), rel=1e-5)
    assert (lab["label"], lab["form"]) == (int(recorded.labels[7]), RECORDED_FORM.to_json())
    setting = next(caption.value for caption in page.caption if caption.value.startswith("Test image 7"))
    assert "Student with teacher · T = 4 · reported epoch · recorded: seed 0" in setting


def test_the_recorded_race_was_trained_with_the_form_that_is_shown() -> None:
    assert form_of_method(PRESETS["digits"].recipe.method.to_json()) == RECORDED_FORM


def test_a_run_is_shown_with_the_loss_that_it_was_trained_with(app: App, tmp_path: Path, warm: None) -> None:
    method = {"name": "skew_kl", "alpha": 0.3, "direction": "reverse", "temperature": 3.0, "teacher_weight": 0.6}
    study = train_tiny_race(tmp_path, 1, method=method)
    page = app(tmp_path, page="loss_lab", study=study, sample="4", arm="alone")
    lab = labs(page)["loss_lab"]
    expected = LossForm(divergence="skew_reverse", alpha=0.3, temperature=3, teacher_weight=0.6)
    assert lab["form"] == lab["reset_form"] == expected.to_json()
    stored = stored_logits.load_study_logits(Store(tmp_path), study)
    assert stored is not None
    assert lab["student"] == pytest.approx(stored.logits["alone"][4].tolist(), rel=1e-5)
    numbers = [latex.value for latex in page.get("latex")] + [text.value for text in page.markdown]
    terms = loss_terms(expected, stored.logits["teacher"], stored.logits["alone"], stored.labels)
    means = {name: term.value.mean() for name, term in terms.items()}
    assert any(with_numbers(expected, 10, means["labels"], means["teacher"]) in text for text in numbers)


def test_the_link_changes_the_form_and_what_it_cannot_be_is_told(app: App, trained_home: TrainedHome) -> None:
    where = {"page": "loss_lab", "study": trained_home.study}
    page = app(
        trained_home.home, **where, loss="divergence:reverse,temperature:20,scale_by_t2:false", convention="labels"
    )
    form = labs(page)["loss_lab"]["form"]
    assert (form["divergence"], form["temperature"], form["scale_by_t2"]) == ("reverse", 20, False)
    assert form["teacher_weight"] == 0.9 and labs(page)["loss_lab"]["convention"] == "labels"
    assert refused(page) == {}
    for wrong in ("temperature:0", "warmth:3", "divergence:sideways", "nonsense"):
        page = app(trained_home.home, **where, loss=wrong)
        assert labs(page)["loss_lab"]["form"] == RECORDED_FORM.to_json()
        assert "loss" in refused(page) and "loss" not in page.session_state["link"]


def test_an_unknown_arm_is_refused_and_another_one_is_in_the_link(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="loss_lab", study=trained_home.study, arm="nobody", language="en")
    assert "arm" in refused(page)
    page.segmented_control(key="loss_lab_arm").set_value("alone").run()
    assert page.session_state["link"]["arm"] == "alone"


def test_an_earlier_epoch_shows_what_the_networks_said_then(app: App, trained_home: TrainedHome) -> None:
    first, last = (
        labs(app(trained_home.home, page="loss_lab", study=trained_home.study, sample="3", epoch=epoch))["loss_lab"]
        for epoch in ("1", "3")
    )
    assert first["student"] != last["student"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_triple_is_there_whatever_was_trained(app: App, tmp_path: Path, language: str) -> None:
    triple = labs(app(tmp_path, page="loss_lab", language=language))["loss_triple"]
    assert triple["draggable"] and not triple["report"] and len(triple["classes"]) == 3


def test_a_method_with_terms_of_its_own_says_that_another_loss_is_shown(app: App, tmp_path: Path, warm: None) -> None:
    study = train_tiny_race(tmp_path, 1, method={"name": "decoupled", "temperature": 6.0})
    page = app(tmp_path, page="loss_lab", study=study, language="en")
    assert any("was trained with Decoupled (DKD)" in caption.value for caption in page.caption)
    assert labs(page)["loss_lab"]["form"]["temperature"] == 6


def test_a_network_that_broke_down_is_told_of(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = recorded_logits()
    broken = {arm: values.copy() for arm, values in recorded.logits.items()}
    broken["distilled"][:] = np.nan
    facts = (recorded.classes, recorded.images, recorded.labels, broken, {})
    monkeypatch.setattr(
        "pages.parts.recorded.recorded_logits", lambda: StoredLogits("recorded", recorded.facts, *facts)
    )
    page = app(tmp_path, page="loss_lab", language="en")
    told = [info.value for info in page.info]
    assert any("broke down on this image" in text for text in told)
    assert any("On every image" in text for text in told)
    assert set(labs(page)) == {"loss_triple"}


@pytest.mark.parametrize(
    ("arms", "missing"), [(["alone", "distilled"], True), (["teacher"], True), (["teacher", "alone"], False)]
)
def test_without_a_teacher_or_a_student_there_is_nothing_to_pull(arms: list[str], missing: bool) -> None:
    recorded = recorded_logits()
    logits = {arm: recorded.logits[arm] for arm in arms}
    stored = StoredLogits("recorded", {}, recorded.classes, recorded.images, recorded.labels, logits, {})
    assert tell_what_is_missing(stored) is missing


# What a run's recipe says


def test_schedules_and_protocols_are_told() -> None:
    recipe = PRESETS["digits"].recipe.to_json()
    assert form_of_recipe(recipe) == RunForm(RECORDED_FORM)
    scheduled = form_of_recipe({**recipe, "schedules": {"temperature": {"name": "exponential"}, "lr": {}}})
    assert scheduled.scheduled == ("temperature",)
    chained = form_of_recipe({**recipe, "protocol": {"name": "chain"}})
    assert chained.protocol == "chain"
    labels_only = form_of_recipe({**recipe, "method": {"name": "labels_only"}})
    assert labels_only.method == "labels_only" and labels_only.form.temperature == 4
    told = [*sentences.caveats(scheduled), *sentences.caveats(chained), *sentences.caveats(labels_only)]
    assert len(told) == 3 and "Temperature T" in told[0] and "Chain" in told[1] and "Labels only" in told[2]


# Sentences, formulas, charts


def test_the_finding_names_the_logits_that_move_most_and_who_pulls_harder() -> None:
    terms = loss_terms(LossForm(teacher_weight=1), np.array([[0.0, 9, 0]]), np.array([[9.0, 0, 0]]), np.array([0]))
    assert sentences.image_finding(terms, ("*a*", "b", "c")) == (
        r"A step lifts “b” and lowers “\*a\*”; only the teacher pulls here"
    )
    terms = loss_terms(LossForm(teacher_weight=0), np.array([[0.0, 9, 0]]), np.array([[0.0, 9, 0]]), np.array([0]))
    assert sentences.image_finding(terms, ("a", "b", "c")).startswith("A step lifts “a” and lowers “b”; only the label")
    same = loss_terms(LossForm(label_weight=0), Z_T[:1], Z_T[:1], Y[:1])
    assert sentences.image_finding(same, tuple("abcde")).startswith("Nothing pulls")


def test_the_batchs_finding_is_computed_from_the_pulls() -> None:
    pulls = pulls_over_temperature(LossForm(), Z_T, Z_S, Y, TEMPERATURES)
    at = dict(zip(pulls.temperatures.tolist(), zip(pulls.with_t2, pulls.without_t2, strict=True), strict=True))
    kept, lost = at[100.0][0] / at[4.0][0], at[4.0][1] / at[100.0][1]
    assert sentences.batch_finding(LossForm(), pulls) == (
        f"From T = 4 to 100 the teacher's pull is multiplied by {kept:.2f} with T²; without T² it falls to 1/{lost:.0f}"
    )
    assert "only the labels pull" in sentences.batch_finding(LossForm(teacher_weight=0), pulls)
    assert "know no temperature" in sentences.batch_finding(LossForm(divergence="logit_mse"), pulls)


def test_formulas_follow_the_convention_and_the_switches() -> None:
    assert with_symbols(LossForm(), "teacher") == (
        r"\mathcal{L} = (1-\alpha)\,\mathrm{CE}(y, p_s) + \alpha\,T^2\,\mathrm{KL}\big(p_t^{T} \,\|\, p_s^{T}\big)"
    )
    assert with_symbols(LossForm(), "labels").startswith(r"\mathcal{L} = \alpha\,\mathrm{CE}(y, p_s) + (1-\alpha)")
    averaged = with_symbols(LossForm(label_weight=1, mean_over_classes=True, scale_by_t2=False), "teacher")
    assert r"w_s\,\tfrac{1}{K}\,\mathrm{KL}" in averaged and "w_h" in averaged
    assert with_numbers(LossForm(), 10, 2.0, 0.5) == (
        r"\mathcal{L} = 0.1 \cdot 2 + 0.9\cdot 4^2 \cdot 0.5 = 0.2 + 7.2 = 7.4"
    )
    matched = LossForm(divergence="logit_mse", mean_over_classes=True)
    assert with_numbers(matched, 10, 2.0, 0.5) == r"\mathcal{L} = 0.1 \cdot 2 + 0.9 \cdot 0.5 = 0.2 + 0.45 = 0.65"


def test_the_charts_show_the_numbers_of_their_rows() -> None:
    pulls = pulls_over_temperature(LossForm(), Z_T, Z_S, Y, TEMPERATURES)
    rows = pull_rows(pulls)
    drawn = {trace.name: trace.y for trace in pull_figure(pulls, 4, CHART_WORDS).data}
    np.testing.assert_array_equal(drawn["with_t2"], rows["teacher_pull_with_t2"])
    np.testing.assert_array_equal(drawn["without_t2"], rows["teacher_pull_without_t2"])
    np.testing.assert_array_equal(drawn["limit"], rows["high_temperature_limit"])
    (distance,) = distance_figure(pulls, 4, CHART_WORDS).data
    np.testing.assert_allclose(distance.y, 100 * rows["distance_from_limit"])
    assert rows["images"].unique().tolist() == [4]


def test_a_pull_of_zero_is_left_out_of_a_logarithmic_axis_and_a_temperature_beyond_it_has_no_mark() -> None:
    pulls = pulls_over_temperature(LossForm(teacher_weight=0), Z_T, Z_S, Y, TEMPERATURES)
    figure = pull_figure(pulls, 500, CHART_WORDS)
    assert np.isnan(next(trace.y for trace in figure.data if trace.name == "with_t2")).all()
    assert not figure.layout.shapes
    assert len(pull_figure(pulls, 4, CHART_WORDS).layout.shapes) == 1


# What goes to the browser and comes back


def test_what_the_component_cannot_have_sent_is_not_taken() -> None:
    good = {"choice": {"form": LossForm(temperature=9).to_json(), "convention": "labels"}}
    assert read_choice(good, CHOICE) == LabChoice(LossForm(temperature=9), "labels")
    for bad in (None, {}, {"choice": 3}, {"choice": {"form": 4}}, {"choice": {"form": {"temperature": -1}}}):
        assert read_choice(bad, CHOICE) == CHOICE


@pytest.mark.parametrize("logits", [(1.0, 2.0), (1.0, 2.0, float("nan"))], ids=["too few", "NaN"])
def test_logits_that_do_not_fit_are_refused(logits: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="finite logits"):
        lab_data("lab", LabImage("abc", (1.0, 2.0, 3.0), logits, 0), CHOICE, CHOICE.form)


def test_the_sliders_reach_as_far_as_the_run_went() -> None:
    run = LossForm(temperature=400, label_weight=7)
    ranges = lab_data("lab", LabImage("ab", (1.0, 2.0), (2.0, 1.0), None), CHOICE, run)["ranges"]
    assert ranges == {"temperature": [0.5, 400], "label_weight": 7}
