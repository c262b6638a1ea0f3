"""The Inspect page: what goes to the browser, what links may say, and that the browser counts as the engine does."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kd_core.results.inspection import (
    answers_of,
    calibration_bins,
    calibration_error,
    confusion,
    entropy_bins,
    groups_of,
    per_class_accuracy,
)
from kd_core.store import Store
from pages.parts.inspect import contents
from pages.parts.inspect.networks import Network, Pair, default_pair, networks_of_logits
from pages.parts.inspect.packing import FULL, packed_frame, packed_labels, packed_places, window_of
from pages.parts.inspect.pick import LONGEST, is_pick
from pages.parts.inspect.view import finding, numbers, warnings
from pages.parts.recorded import recorded_logits
from tests.pages.conftest import App, TrainedHome

COMPONENTS = Path(__file__).parents[2] / "assets" / "components"
random = np.random.default_rng(3)
LOGITS = 3 * random.standard_normal((300, 6)).astype(np.float32)
OTHERS = LOGITS + 2 * random.standard_normal((300, 6)).astype(np.float32)
LOGITS[:3, 0], OTHERS[2:5, 5] = np.nan, np.inf
LABELS = random.integers(-1, 6, 300)


def network(arm: str, seed: int = 0, logits: Any = None, epochs: tuple[int, ...] = (0,)) -> Network:
    return Network(arm, seed, f"{arm}.{seed}", epochs, epochs[-1], lambda epoch: logits)


def read_integers(packed: str) -> Any:
    return np.frombuffer(base64.b64decode(packed), dtype="<u2")


def inspector_of(page: AppTest) -> dict[str, Any]:
    found = [one for one in page.get("bidi_component") if '"frames"' in one.proto.json]
    data: dict[str, Any] = json.loads(found[0].proto.json)
    return data


def told(page: AppTest) -> str:
    texts = [*page.warning, *page.info, *page.caption, *page.error]
    return " ".join(one.value for one in texts)


def test_a_frame_holds_answers_that_stay_in_their_bins() -> None:
    frame = read_integers(packed_frame(LOGITS, window_of(LOGITS))).reshape(5, -1)
    answers = answers_of(LOGITS)
    assert frame[0].astype("<i2").tolist() == answers.chosen.tolist()
    for column, shares in ((frame[1], answers.confidence), (frame[2], answers.uncertainty)):
        assert column / FULL == pytest.approx(shares, abs=2 / FULL)
        # Bin b holds (b / 15, (b + 1) / 15].
        assert (np.ceil(column.astype(float) * 15 / FULL) == np.ceil(shares * 15)).all()


@pytest.mark.parametrize("confidence", [0.2, 0.4, 0.6, 0.8])
def test_a_share_on_the_edge_of_a_bin_is_not_lifted_into_the_next(confidence: float) -> None:
    logits = np.log(np.array([[confidence, 1 - confidence]]) if confidence > 0.5 else np.full((1, 5), 0.2))
    column = read_integers(packed_frame(logits, window_of(logits))).reshape(5, -1)[1]
    share = max(confidence, 1 - confidence) if confidence > 0.5 else 0.2
    assert column[0] == round(share * FULL)


def test_the_window_holds_all_points_at_one_scale() -> None:
    values = np.array([[0.0, 0.0], [10.0, 0.0], [5.0, 1.0]])
    places = read_integers(packed_places(values, window_of(values))).reshape(2, -1).astype(float)
    across, up = (axis.max() - axis.min() for axis in places)
    assert across / up == pytest.approx(10, rel=1e-3)
    # Four per cent of the extent stay free at both ends: 10 of 10.8.
    assert across / FULL == pytest.approx(1 / 1.08, rel=1e-3)
    assert places[:, 0].min() > 0


def test_what_leaves_the_window_stands_at_its_edge() -> None:
    window = window_of(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert read_integers(packed_places(np.array([[99.0, 0.0], [-99.0, 0.0]]), window))[:2].tolist() == [FULL, 0]


def test_points_that_are_all_the_same_can_be_drawn() -> None:
    same = np.ones((3, 4))
    assert np.isfinite(window_of(same).high).all()
    assert abs(int(read_integers(packed_places(same, window_of(same)))[0]) - FULL / 2) <= 1


@pytest.fixture(scope="module")
def counted() -> dict[str, Any]:
    """What the browser's own modules count of the same answers, run by Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    script = f"""
import {{ readFrame, readIntegers }} from "{COMPONENTS}/inspect/frames.js";
import * as counts from "{COMPONENTS}/inspect/counts.js";
import * as picks from "{COMPONENTS}/inspect/picks.js";
const [packedA, packedB, packedLabels] = JSON.parse(process.argv[1]);
const [a, b, labels] = [readFrame(packedA), readFrame(packedB), readIntegers(packedLabels)];
const groups = counts.groupsOf(a, b, labels);
const pick = (text) => picks.indicesOf(picks.maskOf(text, {{ labels, a, b, groups }}));
const names = ["cell:A:3:3", "cell:B:1:2", "cell:D:0:0", "group:copied", "bin:B:14", "entropy:4", "class:5",
  "images:0-2.7.298-400"];
console.log(JSON.stringify({{
  groups: [...groups],
  confusion: [...counts.confusionCounts(b, labels, 6, null)],
  calibration: counts.calibrationSums(a, labels, null),
  error: counts.calibrationError(counts.calibrationSums(a, labels, null)),
  entropy: counts.entropyCounts(a, groups, null).map((row) => [...row]),
  right: [...counts.classCounts(labels, 6, null, (i) => a.chosen[i] === labels[i])],
  wilson: [[0, 7], [3, 7], [7, 7], [0, 0]].map((pair) => counts.wilsonInterval(...pair)),
  picks: Object.fromEntries(names.map((name) => [name, pick(name)])),
  ranges: picks.writeRanges([1, 2, 3, 7, 9, 10]),
  none: [picks.maskOf("", {{ labels, a, b, groups }}), picks.maskOf("what:ever", {{ labels, a, b, groups }})],
}}));
"""
    packed = [packed_frame(LOGITS, window_of(LOGITS)), packed_frame(OTHERS, window_of(OTHERS)), packed_labels(LABELS)]
    command = [node, "--input-type=module", "--eval", script, json.dumps(packed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_browser_counts_as_the_engine_does(counted: dict[str, Any]) -> None:
    a, b = answers_of(LOGITS), answers_of(OTHERS)
    groups = groups_of(a, b, LABELS)
    assert counted["groups"] == np.where(groups < 0, 255, groups).tolist()
    assert counted["confusion"] == confusion(b, LABELS, 6).flatten().tolist()
    bins = calibration_bins(a, LABELS)
    assert [row["count"] for row in counted["calibration"]] == bins[:, 0].tolist()
    assert [row["confidence"] for row in counted["calibration"]] == pytest.approx(bins[:, 0] * bins[:, 1], abs=0.01)
    assert [row["right"] for row in counted["calibration"]] == pytest.approx((bins[:, 0] * bins[:, 2]).tolist())
    assert counted["error"] == pytest.approx(calibration_error(bins), abs=1e-4)
    assert counted["entropy"] == entropy_bins(a, groups).tolist()
    shares = per_class_accuracy(a, LABELS, 6)
    assert counted["right"] == [share.count for share in shares]


def test_the_browsers_intervals_are_the_engines(counted: dict[str, Any]) -> None:
    from kd_core.results import wilson_interval

    for pair, (successes, trials) in zip(counted["wilson"], [(0, 7), (3, 7), (7, 7), (0, 0)], strict=True):
        assert pair == pytest.approx(wilson_interval(successes, trials))


def test_the_browser_selects_what_a_selection_says(counted: dict[str, Any]) -> None:
    a, b = answers_of(LOGITS), answers_of(OTHERS)
    groups, picks = groups_of(a, b, LABELS), counted["picks"]
    labelled = LABELS >= 0
    inside = (b.confidence > 14 / 15) & (b.chosen >= 0) & labelled
    undecided = (np.ceil(a.uncertainty * 15) == 5) & (a.chosen >= 0) & labelled
    expected = {
        "cell:A:3:3": (LABELS == 3) & (a.chosen == 3),
        "cell:B:1:2": (LABELS == 1) & (b.chosen == 2),
        "cell:D:0:0": (LABELS == 0) & ((a.chosen == 0) != (b.chosen == 0)),
        "group:copied": groups == 3,
        "bin:B:14": inside,
        "entropy:4": undecided,
        "class:5": LABELS == 5,
    }
    assert {name: picks[name] for name in expected} == {
        name: np.flatnonzero(chosen).tolist() for name, chosen in expected.items()
    }
    assert picks["images:0-2.7.298-400"] == [0, 1, 2, 7, 298, 299]
    assert counted["ranges"] == "1-3.7.9-10" and counted["none"] == [None, None]


@pytest.mark.parametrize(
    "pick",
    ["cell:A:3:5", "cell:B:0:9", "cell:D:1:1", "group:copied", "bin:B:14", "entropy:0", "class:9", "images:1-5.8"],
)
def test_selections_that_a_link_may_say(pick: str) -> None:
    assert is_pick(pick, images=10, classes=10)


@pytest.mark.parametrize(
    "pick",
    ["", "cell", "cell:A:3", "cell:C:3:5", "cell:A:3:10", "cell:A:-1:0", "cell:A:3:5:6", "group:none", "bin:A:15",
     "bin:D:1", "entropy:x", "class:10", "images:", "images:8-", "images:1,2", "images:10", "images:٣", "other:1",
     "images:" + "1." * LONGEST + "1"],
)  # fmt: skip
def test_selections_that_mean_nothing_here(pick: str) -> None:
    assert not is_pick(pick, images=10, classes=10)


def test_teacher_and_distilled_student_are_compared_unless_asked() -> None:
    all_three = [
        network("teacher"),
        network("teacher", 1),
        network("alone"),
        network("distilled"),
        network("distilled", 1),
    ]
    assert [one.part for one in default_pair(all_three)] == ["teacher.0", "distilled.0"]
    assert [one.part for one in default_pair([network("alone"), network("distilled")])] == ["alone.0", "distilled.0"]
    assert [one.part for one in default_pair([network("distilled"), network("distilled", 1)])] == [
        "distilled.0",
        "distilled.1",
    ]
    assert [one.part for one in default_pair([network("teacher"), network("alone")])] == ["teacher.0", "alone.0"]


def test_what_is_gone_or_of_another_shape_is_no_answer() -> None:
    assert np.isnan(network("teacher").said(None, (4, 2))).all()
    assert np.isnan(network("teacher", logits=np.zeros((3, 2))).said(None, (4, 2))).all()
    assert network("teacher", logits=np.zeros((4, 2))).said(None, (4, 2)).tolist() == [[0, 0]] * 4


def test_of_many_classes_those_with_most_errors_are_drawn() -> None:
    labels = np.arange(30)
    logits = np.eye(30, dtype=np.float32)
    logits[29] = logits[0]  # the last class is taken for the first
    split = recorded_logits().__class__(
        "live", {}, tuple(map(str, labels)), np.zeros((30, 1, 2, 2), np.uint8), labels, {}, {}
    )
    pair = Pair(network("teacher", logits=logits), network("distilled", logits=np.eye(30)), split)
    drawn = contents.drawn_classes(pair)
    assert len(drawn) == contents.MOST_CLASSES and {0, 29} <= set(drawn) and drawn == sorted(drawn)


def recorded_pair(a: str = "teacher", b: str = "distilled") -> Pair:
    by_arm = {one.arm: one for one in networks_of_logits(recorded_logits(), "recorded")}
    return Pair(by_arm[a], by_arm[b], recorded_logits())


def test_the_title_counts_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.parts.text.i18n.language", lambda: "en")
    pair = recorded_pair()
    teacher, student = (pair.stored.logits[arm].argmax(-1) for arm in ("teacher", "distilled"))
    wrong = teacher != pair.labels
    text = finding(pair)
    assert f"repeats {(wrong & (student == teacher)).sum()} of the {wrong.sum()} errors" in text
    assert f"gets {(wrong & (student == pair.labels)).sum()} of them right" in text


def test_the_same_network_twice_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.parts.text.i18n.language", lambda: "en")
    assert any("same network" in sentence for sentence in warnings(recorded_pair("teacher", "teacher")))


def test_a_network_that_broke_down_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.parts.text.i18n.language", lambda: "en")
    pair = recorded_pair()
    broken = network("alone", logits=np.full(pair.size, np.nan))
    shown = Pair(pair.a, broken, pair.stored)
    assert any("no answer" in sentence and "100.0 %" in sentence for sentence in warnings(shown))
    assert numbers(shown, None)["expected_calibration_error"]["b"] is None


def test_the_numbers_of_an_epoch_are_plain_json() -> None:
    told_numbers = numbers(recorded_pair(), None)
    assert json.loads(json.dumps(told_numbers, allow_nan=False))["split"] == "test"
    assert told_numbers["provenance"] == "recorded"


def test_with_nothing_trained_the_recorded_race_is_compared_and_badged(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="inspect", language="en")
    assert not page.exception
    data = inspector_of(page)
    assert [side["role"] for side in data["sides"]] == ["teacher", "distilled"]
    assert "recorded" in told(page) and "only the result is kept" in told(page)
    assert [step["epoch"] for step in data["steps"]] == [None]
    labels = recorded_logits().labels
    assert read_integers(data["labels"]).tolist() == labels.tolist()
    frame = read_integers(data["frames"][0]["0"]).reshape(5, -1)
    assert frame[0].tolist() == recorded_logits().logits["teacher"].argmax(-1).tolist()


def test_two_networks_of_the_link_are_compared_at_its_epoch(app: App, trained_home: TrainedHome) -> None:
    link = {"study": trained_home.study, "a": "distilled.0", "b": "distilled.1", "epoch": "2", "pick": "cell:B:1:8"}
    page = app(trained_home.home, page="inspect", language="en", **link)
    assert not page.exception
    data = inspector_of(page)
    assert [side["role"] for side in data["sides"]] == ["distilled", "variant"]
    assert [side["name"] for side in data["sides"]] == ["Student with teacher, seed 0", "Student with teacher, seed 1"]
    assert data["start"] == {"place": 1, "pick": "cell:B:1:8"}
    store = Store(trained_home.home)
    runs = {(m.arm, m.seed): m.run for m in store.studies.members(trained_home.study)}
    for side, seed in enumerate((0, 1)):
        for epoch in range(3):
            logits = store.files.logits(runs["distilled", seed] or "", epoch)
            assert logits is not None
            frame = read_integers(data["frames"][side][str(epoch)]).reshape(5, -1)
            assert frame[0].tolist() == logits.argmax(-1).tolist()
    store.close()


def test_a_teacher_that_trained_less_stands_still_while_the_student_goes_on(
    app: App, trained_home: TrainedHome
) -> None:
    data = inspector_of(app(trained_home.home, page="inspect", study=trained_home.study))
    assert [step["kept"] for step in data["steps"][:3]] == [[0, 0], [1, 1], [1, 2]]
    assert [step["epoch"] for step in data["steps"]] == [1, 2, 3, None]


@pytest.mark.parametrize(
    ("part", "value"),
    [("a", "helper.0"), ("b", "teacher.7"), ("a", "../x"), ("pick", "cell:A:3:10"), ("pick", "images:99999"),
     ("pick", "<b>"), ("epoch", "9")],
)  # fmt: skip
def test_a_part_of_the_link_that_means_nothing_here_is_told_and_dropped(
    app: App, trained_home: TrainedHome, part: str, value: str
) -> None:
    page = app(trained_home.home, page="inspect", language="en", study=trained_home.study, **{part: value})
    assert not page.exception
    assert part in [name for name, _ in page.session_state["link_refused"]]
    assert part not in page.query_params
    assert inspector_of(page)["start"]["pick"] == ""


def test_another_network_is_chosen_by_part_and_seed(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="inspect", study=trained_home.study)
    page.selectbox(key="inspect_b_arm").set_value("alone").run()
    page.selectbox(key="inspect_b_seed").set_value(1).run()
    assert page.query_params["b"] == "alone.1"
    assert inspector_of(page)["sides"][1]["role"] == "alone"
    assert not page.exception


@pytest.fixture
def epoch_by_epoch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(contents, "MOST_BYTES", 0)
    monkeypatch.setattr(contents, "MOST_PIXEL_BYTES", 0)
    yield


def test_of_many_images_only_the_epoch_in_sight_and_the_result_are_sent(
    app: App, trained_home: TrainedHome, epoch_by_epoch: None
) -> None:
    data = inspector_of(app(trained_home.home, page="inspect", study=trained_home.study, epoch="1"))
    assert [sorted(of) for of in data["frames"]] == [["0", "1"], ["0", "2"]]
    assert data["pictures"] == {"sheet": None, "single": {}}


def test_pictures_are_sent_as_they_are_asked_for(epoch_by_epoch: None) -> None:
    pair = recorded_pair()
    single = contents.pictures(pair, [3, 10**6, -1, 5])["single"]
    assert sorted(single) == ["3", "5"] and all(url.startswith("data:image/png") for url in single.values())


def test_the_page_speaks_chinese(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="inspect", language="zh")
    assert not page.exception and "教师模型" in page.header[0].value
