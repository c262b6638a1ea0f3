"""The soft labels page: what it shows at once, what it refuses, and that its numbers are the engine's."""

import io
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from kd_core.functional import divergences, metrics
from kd_core.results import softmax, stored_logits
from kd_core.store import Store
from pages.parts.app.epoch_slider import read_epoch, scrubber_data
from pages.parts.charts import thumbnail
from pages.parts.charts.downloads import csv_bytes
from pages.parts.charts.gallery import read_choice
from pages.parts.recorded import files as recorded
from pages.parts.samples.sample_order import neighbour, ordered
from pages.parts.soft_labels.matrix import (
    TURN,
    matrix_figure,
    matrix_rows,
    most_confused,
    strongest_pair,
    without_diagonal,
)
from pages.parts.studies.sample_bars import sample_rows
from pages.parts.text.escape import escape_html, escape_markdown
from tests.pages.conftest import App, TrainedHome

ROOT = Path(__file__).parents[2]
EVIL = "<img src=x onerror=alert(1)> *bold* :smile: $x$"
WORDS = {"x_title": "x", "y_title": "y", "probability": "p"}


def random_logits(rows: int = 40, classes: int = 5) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, 3, (rows, classes)).astype(np.float32)


def scrubber_of(page: AppTest) -> dict[str, Any]:
    found = [one for one in page.get("bidi_component") if '"steps"' in one.proto.json]
    data: dict[str, Any] = json.loads(found[0].proto.json)
    return data


def bars_of(page: AppTest) -> dict[str, Any]:
    found = [one for one in page.get("bidi_component") if '"hard_label"' in one.proto.json]
    data: dict[str, Any] = json.loads(found[0].proto.json)
    return data


def titles(page: AppTest) -> list[str]:
    return [one.value for one in page.header]


def refused(page: AppTest) -> dict[str, str]:
    """What of the link was not used, and why: the frame tells it, and AppTest runs a page without its frame."""
    told = page.session_state["link_refused"] if "link_refused" in page.session_state else {}  # noqa: SIM401 (no get)
    return {part: reason for part, reason in told}


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 100.0, math.inf])
def test_numpy_says_what_the_engine_says_in_torch(temperature: float) -> None:
    first, second = random_logits(), random_logits()[::-1].copy()
    labels = np.arange(40) % 5
    one, two = torch.from_numpy(first), torch.from_numpy(second)
    soft = divergences.soften(one, temperature)
    assert softmax.soften(first, temperature) == pytest.approx(soft.numpy(), abs=1e-6)
    assert softmax.entropy(first, temperature) == pytest.approx(divergences.entropy(soft).numpy(), abs=1e-5)
    expected = divergences.kl_per_sample(one, two, temperature).numpy()
    assert softmax.kl_divergence(first, second, temperature) == pytest.approx(expected, abs=1e-5)
    means = metrics.mean_soft_labels(one, torch.from_numpy(labels), temperature).numpy()
    assert softmax.mean_soft_labels(first, labels, temperature) == pytest.approx(means, abs=1e-6)


def test_a_class_without_images_has_an_empty_row_and_unlabelled_images_count_nowhere() -> None:
    means = softmax.mean_soft_labels(np.zeros((3, 3)), np.array([0, 0, -1]))
    assert np.isnan(means[1:]).all()
    assert means[0] == pytest.approx([1 / 3] * 3)


def test_ambiguous_images_come_first() -> None:
    logits = {"teacher": np.array([[9.0, 0.0], [0.0, 0.0], [1.0, 0.0]])}
    assert ordered("ambiguous", logits, np.zeros(3, dtype=int)).tolist() == [1, 2, 0]


def test_look_alikes_are_sorted_by_the_other_class_and_leave_that_class_out() -> None:
    logits = {"teacher": np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 5.0], [1.0, 1.0]])}
    labels = np.array([0, 0, 1, 0])
    assert ordered("lookalikes", logits, labels, of_class=0, like=1).tolist() == [1, 3, 0]
    assert ordered("lookalikes", logits, labels, like=1).tolist() == [1, 3, 0]


def test_disagreements_are_the_images_for_which_any_two_networks_choose_differently() -> None:
    logits = {"teacher": np.array([[1.0, 0], [1, 0], [1, 0]]), "alone": np.array([[1.0, 0], [0, 1], [1, 0]])}
    assert ordered("disagreements", logits, np.zeros(3, dtype=int)).tolist() == [1]


def test_a_step_stops_at_both_ends_and_comes_back_from_outside() -> None:
    order = np.array([4, 2, 9])
    assert [neighbour(order, 4, -1), neighbour(order, 4, 1), neighbour(order, 9, 1)] == [4, 2, 9]
    assert neighbour(order, 77, 1) == 4
    assert neighbour(np.array([], dtype=int), 5, 1) == 5


def test_the_strongest_pair_is_off_the_diagonal_and_none_where_all_are_equal() -> None:
    matrix = np.array([[0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.1, 0.3, 0.6]])
    assert strongest_pair(matrix) == (2, 1, 0.3)
    assert strongest_pair(np.full((3, 3), 1 / 3)) is None
    assert strongest_pair(np.full((3, 3), np.nan)) is None


# --- charts and files ----------------------------------------------------------------------------------------------


def drawn(figure: Any, part: str) -> NDArray[Any]:
    """Both layers of the heat map as one."""
    first, second = (np.array(getattr(layer, part)) for layer in figure.data)
    return np.where(first == "", second, first) if part == "text" else np.where(np.isnan(first), second, first)


def test_colours_run_from_0_to_1_and_to_the_largest_shown_value_without_the_diagonal() -> None:
    matrix = np.array([[0.9, 0.1], [0.25, 0.75]])
    whole = matrix_figure(matrix, ["a", "b"], log=False, **WORDS)
    rest = matrix_figure(without_diagonal(matrix), ["a", "b"], log=False, **WORDS)
    assert (whole.layout.coloraxis.cmin, whole.layout.coloraxis.cmax) == (0, 1)
    assert (rest.layout.coloraxis.cmin, rest.layout.coloraxis.cmax) == (0, 0.25)
    assert drawn(whole, "z") == pytest.approx(matrix)
    assert drawn(whole, "text").tolist() == [[".90", ".10"], [".25", ".75"]]


def test_log_colours_tell_small_values_apart_and_clip_below_a_millionth() -> None:
    matrix = np.array([[1.0, 1e-3], [1e-9, 1.0]])
    assert drawn(matrix_figure(matrix, ["a", "b"], log=True, **WORDS), "z") == pytest.approx(
        np.array([[0, -3], [-6, 0]])
    )


def test_letters_on_every_shade_have_a_contrast_of_four_and_a_half() -> None:
    from plotly.colors import sample_colorscale

    def luminance(colour: str) -> float:
        parts = [float(part) / 255 for part in colour[4:-1].split(",")]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    for shade in np.linspace(0, 1, 101):
        light = luminance(sample_colorscale("Cividis", [shade])[0])
        assert (1.05 / (light + 0.05) if shade < TURN else (light + 0.05) / 0.05) > 4.5


def test_a_class_name_is_never_markup() -> None:
    figure = matrix_figure(np.eye(2), [EVIL, "b"], log=False, **WORDS)
    assert "<" not in figure.layout.xaxis.labelalias["0"]
    assert not any("<" in cell for cell in np.array(figure.data[0].customdata).ravel())
    assert escape_html("<b>") == "&lt;b&gt;"
    assert escape_markdown("*a* [b](c) <i>") == r"\*a\* \[b\]\(c\) \<i\>"
    assert ":smile:" not in escape_markdown(":smile:")


def test_the_matrix_as_rows_keeps_every_class_even_one_called_like_the_first_column() -> None:
    rows = matrix_rows(np.eye(2), ["Labelled as", "b"], "Labelled as")
    assert rows.shape == (2, 3)


def test_csv_opens_in_a_spreadsheet_and_is_never_a_formula() -> None:
    raw = csv_bytes(pd.DataFrame({"名": ["=1+1", "猫"], "p": [0.1234567890123, -2.0]}))
    assert raw.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(raw))
    assert back["名"].tolist() == ["'=1+1", "猫"]
    assert back["p"].tolist() == [0.1234567890123, -2.0]


def test_the_rows_of_an_image_hold_logits_and_probabilities_of_every_network() -> None:
    rows = sample_rows(recorded.recorded_logits(), 5, math.inf)
    assert rows["teacher_probability"].tolist() == pytest.approx([0.1] * 10)
    assert rows["hard_label"].sum() == 1
    assert rows["alone_logit"].tolist() == pytest.approx(recorded.recorded_logits().logits["alone"][5].tolist())


def test_only_a_tile_that_is_shown_can_be_chosen() -> None:
    assert read_choice({"chosen": 3}, {3, 4}) == 3
    for sent in (5, "3", None, True, 3.0, [3]):
        assert read_choice({"chosen": sent}, {1, 3, 4} - {True}) is None or sent == 3.0


def test_large_and_colour_images_become_small_pictures() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 300, 200), dtype=np.uint8)
    assert len(thumbnail(noise)) < 20_000
    assert thumbnail(noise[:1]).startswith("data:image/png;base64,")


# --- the page ------------------------------------------------------------------------------------------------------


def test_the_first_visit_shows_the_recorded_digits(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels")
    assert not page.exception
    data = bars_of(page)
    assert [arm["role"] for arm in data["arms"]] == ["teacher", "alone", "distilled"]
    sample = page.session_state["sample_index"]
    assert data["hard_label"] == recorded.recorded_logits().labels[sample]
    assert "recorded" in page.caption[0].value
    assert len(page.get("plotly_chart")) == 1


def test_titles_say_what_the_numbers_say(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels", T="4", sample="7")
    logits = recorded.recorded_logits().logits["teacher"]
    p = softmax.soften(logits[7], 4)
    runner_up = int(np.argsort(-p)[1])
    assert f"“{runner_up}” a probability of {p[runner_up]:.2f}" in titles(page)[0]
    label, other, mean = strongest_pair(softmax.mean_soft_labels(logits, recorded.recorded_logits().labels, 4)) or (
        0,
        0,
        0,
    )
    assert f"“{label}” on average {mean:.2f} of “{other}”" in titles(page)[1]


def test_an_infinite_temperature_in_the_link_is_shown_as_such(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels", T="inf", axis="log")
    assert bars_of(page)["temperature"] == "inf"
    assert bars_of(page)["axis"] == "log"
    assert "infinite" in titles(page)[0]
    assert not refused(page)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("sample", "600"),
        ("sample", "-1"),
        ("sample", "1.5"),
        ("sample", "[x](y)"),
        ("T", "0.1"),
        ("T", "200"),
        ("T", "nan"),
        ("axis", "sideways"),
        ("epoch", "7"),
        ("study", "0000000000"),
    ],
)
def test_a_part_of_the_link_that_cannot_be_used_is_told_and_the_page_still_works(
    app: App, tmp_path: Path, part: str, value: str
) -> None:
    page = app(tmp_path, page="soft_labels", **{part: value})
    assert not page.exception
    assert list(refused(page)) == [part]
    assert bars_of(page)["temperature"] == 4
    assert part not in page.query_params


def test_a_refusal_is_told_in_the_readers_language(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels", epoch="7", language="zh")
    assert "轮次" in refused(page)["epoch"]


def test_next_and_previous_walk_through_the_order_and_into_the_link(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels")
    order = ordered("ambiguous", recorded.recorded_logits().logits, recorded.recorded_logits().labels).tolist()
    place = order.index(page.session_state["sample_index"])
    page.button(key="sample_next").click().run()
    assert page.query_params["sample"] == str(order[place + 1])
    page.button(key="sample_previous").click().run()
    assert page.session_state["sample_index"] == order[place]


def test_a_typed_index_is_shown(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels")
    page.number_input(key="sample_index").set_value(42).run()
    assert page.query_params["sample"] == "42"
    assert bars_of(page)["hard_label"] == recorded.recorded_logits().labels[42]


def test_twos_that_look_like_threes(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels")
    page.selectbox(key="sample_order").set_value("lookalikes").run()
    page.selectbox(key="sample_class").set_value(2).run()
    page.selectbox(key="sample_like").set_value(3).run()
    found = recorded.recorded_logits()
    p = softmax.soften(found.logits["teacher"])[:, 3]
    assert page.session_state["sample_index"] == int(np.flatnonzero(found.labels == 2)[p[found.labels == 2].argmax()])
    assert not page.exception


def test_a_class_without_disagreement_says_so(
    app: App, trained_home: TrainedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recorded.recorded_logits()
    same = dict.fromkeys(found.logits, found.logits["teacher"])
    alike = stored_logits.StoredLogits(**{**vars(found), "logits": same})
    monkeypatch.setattr("pages.parts.recorded.recorded_logits", lambda: alike)
    page = app(trained_home.home / "empty", page="soft_labels")
    page.selectbox(key="sample_order").set_value("disagreements").run()
    assert not page.exception
    assert "same class" in page.info[0].value


def test_the_matrix_shows_the_chosen_arm(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="soft_labels", T="1")
    page.segmented_control(key="matrix_arm").set_value("distilled").run()
    assert "the student with teacher" in titles(page)[1]
    page.toggle(key="matrix_hide_diagonal").set_value(True).run()
    assert "largest value shown" in " ".join(one.value for one in page.caption)
    page.toggle(key="matrix_log").set_value(True).run()
    assert not page.exception


def test_a_study_of_the_store_is_live_and_its_epochs_can_be_scrubbed(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="soft_labels", study=trained_home.study, sample="3")
    assert "live" in page.caption[0].value
    reported = bars_of(page)["arms"]
    assert scrubber_of(page)["place"] == 3
    assert [step["epoch"] for step in scrubber_of(page)["steps"]] == [1, 2, 3, None]
    first = bars_of(app(trained_home.home, page="soft_labels", study=trained_home.study, sample="3", epoch="1"))["arms"]
    store = Store(trained_home.home)
    runs = {m.arm: m.run for m in store.studies.members(trained_home.study) if m.seed == 0}
    for arm in first:
        stored = store.files.logits(runs[arm["role"]] or "", 0)
        assert stored is not None
        assert arm["logits"] == pytest.approx(stored[3].tolist(), rel=1e-4)
        # What the bars follow the scrubber with: every kept epoch, and the result.
        assert arm["film"]["logits"][0] == arm["logits"]
        assert arm["film"]["epochs"] == ([1, 2] if arm["role"] == "teacher" else [1, 2, 3])
    assert first != reported
    assert [arm["film"]["result"] for arm in first] == [arm["logits"] for arm in reported]
    store.close()


def test_an_epoch_in_the_link_moves_the_scrubber(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="soft_labels", study=trained_home.study, epoch="2")
    assert scrubber_of(page)["place"] == 1
    assert "after epoch 2" in page.caption[0].value
    too_late = app(trained_home.home, page="soft_labels", study=trained_home.study, epoch="9")
    assert "epochs 1 to 3" in refused(too_late)["epoch"]
    assert scrubber_of(too_late)["place"] == 3


@pytest.mark.parametrize("sent", [None, {}, {"epoch": True}, {"epoch": "1"}, {"epoch": 9}, {"epoch": None}, 7])
def test_what_no_scrubber_can_have_sent_is_the_reported_epoch(sent: object) -> None:
    assert read_epoch({"chosen": sent}, [0, 2]) is None


def test_the_scrubber_sends_epochs_from_one() -> None:
    assert [read_epoch({"chosen": {"epoch": epoch}}, [0, 2]) for epoch in (1, 2, 3)] == [0, None, 2]


def test_between_two_kept_epochs_the_scrubber_stands_at_the_one_before() -> None:
    assert [scrubber_data([0, 4, 9], asked)["place"] for asked in (0, 3, 4, 8, 9, None)] == [0, 0, 1, 1, 2, 3]


def test_the_image_stays_while_epochs_go_by(app: App, trained_home: TrainedHome) -> None:
    pictures = {
        bars_of(app(trained_home.home, page="soft_labels", study=trained_home.study, **link))["picture"]
        for link in ({}, {"epoch": "1"}, {"epoch": "2"})
    }
    assert len(pictures) == 1


def test_a_study_with_nothing_finished_offers_the_recorded_race(app: App, tmp_path: Path) -> None:
    from kd_core.recipe import Study
    from kd_core.recipe.presets import PRESETS

    store = Store(tmp_path)
    study = store.studies.add(Study.race(PRESETS["digits"].recipe, 1, "digits"), status="running")
    store.close()
    page = app(tmp_path, page="soft_labels", study=study)
    assert not page.exception
    assert "as soon as it is trained" in page.info[0].value
    page.button(key="show_recorded").click().run()
    assert "recorded" in page.caption[0].value


def test_hostile_names_and_colour_images_are_shown_as_they_are(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recorded.recorded_logits()
    strange = {
        **vars(found),
        "classes": (EVIL, "two words", "😀", *found.classes[3:]),
        "images": np.repeat(found.images, 3, axis=1),
    }
    monkeypatch.setattr("pages.parts.recorded.recorded_logits", lambda: stored_logits.StoredLogits(**strange))
    page = app(tmp_path, page="soft_labels", sample=str(int(np.flatnonzero(found.labels == 0)[0])), T="0.5")
    assert not page.exception
    assert bars_of(page)["classes"][0] == EVIL
    assert "*bold*" not in "".join(titles(page)).replace(r"\*bold\*", "")


def test_every_string_is_in_both_languages(app: App, tmp_path: Path) -> None:
    from pages.parts.text.i18n import catalogue

    for section in ("soft_labels.", "downloads."):
        english = {key for key in catalogue("en") if key.startswith(section)}
        assert english == {key for key in catalogue("zh") if key.startswith(section)}
    page = app(tmp_path, page="soft_labels", language="zh")
    assert "教师模型" in titles(page)[0]
    assert not page.exception


def test_the_page_needs_no_torch_to_be_imported(tmp_path: Path) -> None:
    script = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('pages/soft_labels.py', default_timeout=30).run()\n"
        "assert not page.exception, page.exception\n"
        "assert page.get('plotly_chart')\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    env = {"KD_HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]


def test_of_many_classes_the_most_confused_are_drawn_in_their_own_order() -> None:
    matrix = np.full((30, 30), 0.001)
    np.fill_diagonal(matrix, 0.9)
    matrix[25, 4], matrix[7, 25], matrix[11, 12] = 0.08, 0.06, 0.05
    assert most_confused(matrix, 3) == [4, 7, 25]
    assert most_confused(matrix, 5) == [4, 7, 11, 12, 25]
    assert most_confused(matrix[:3, :3], 20) == [0, 1, 2]


def test_a_matrix_of_two_hundred_classes_thins_its_labels_and_shows_more_when_zoomed() -> None:
    names = [f"class {place}" for place in range(200)]
    drawn = matrix_figure(np.eye(200), names, log=False, x_title="x", y_title="y", probability="p")
    axis = drawn.layout.xaxis
    assert (axis.type, axis.dtick, axis.tickvals) == ("category", None, None)
    assert axis.labelalias["199"] == "class 199"
