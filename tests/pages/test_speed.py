"""Speed and size: ratios as computed, the recording when nothing was trained, and networks to take along."""

from pathlib import Path

import pytest

from kd_core.results.race import ArmResult
from kd_core.store import Store
from pages.parts.speed import facts
from pages.parts.text.numbers import bytes_text, count_text, ratio_text, seconds_text
from tests.pages.conftest import App, TrainedHome


def one_arm(size: int, *milliseconds: float) -> ArmResult:
    timed = [
        {"batch": batch, "p50": value, "p95": value, "runs": 100, "threads": 1, "device": "cpu"}
        for batch, value in zip((1, 32, 256), milliseconds, strict=False)
    ]
    measures = {"accuracy": None}
    return ArmResult("alone", measures, parameters=size // 4, bytes=size, macs=size // 4, seconds=1.0, latency=timed)


def test_recording_is_shown_and_badged_while_the_store_is_empty(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="speed")
    assert not page.exception
    assert any(caption.value.startswith("recorded: seed 0–4") for caption in page.caption)
    assert page.header[0].value.startswith("The student is 80 × smaller and 1.3 × faster")
    assert any("comes without weights" in info.value for info in page.info)


def test_trained_race_is_live_and_its_networks_can_be_taken_along(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="speed", study=trained_home.study)
    assert not page.exception
    assert any(caption.value == "live: trained on this machine" for caption in page.caption)
    offered = page.selectbox(key=f"export_run_{trained_home.study}").options
    assert len(offered) == 6 and offered[0].startswith("Student with teacher, seed 0")
    for format in ("safetensors", "code"):
        page.segmented_control(key="export_format").set_value(format).run()
        assert not page.exception


def test_batch_changes_the_finding(app: App, trained_home: TrainedHome) -> None:
    page = app(trained_home.home, page="speed", study=trained_home.study)
    page.segmented_control(key="speed_batch").set_value(256).run()
    assert page.header[0].value.endswith("at batch 256")


def test_unfinished_study_is_told(app: App, tmp_path: Path) -> None:
    from kd_core.recipe import Study
    from kd_core.recipe.presets import PRESETS

    store = Store(tmp_path)
    study = store.studies.add(Study.race(PRESETS["digits"].recipe), status="running")
    store.studies.end(study, "stopped")
    page = app(tmp_path, page="speed", study=study)
    assert not page.exception
    assert "nothing to weigh" in page.info[0].value


@pytest.mark.parametrize(
    ("teacher", "student", "said"),
    [
        (one_arm(4000, 2.0), one_arm(1000, 1.0), "The student is 4.0 × smaller and 2.0 × faster at batch 1"),
        (one_arm(1000, 1.0), one_arm(4000, 3.0), "The student is 4.0 × larger and 3.0 × slower at batch 1"),
        (one_arm(1000, 1.0), one_arm(1000, 1.05), "The student is about as large and about as fast at batch 1"),
        (one_arm(4000), one_arm(1000), "The student is 4.0 × smaller"),
    ],
)
def test_finding_says_the_ratios(teacher: ArmResult, student: ArmResult, said: str) -> None:
    assert facts.finding({"teacher": teacher, "distilled": student}, 1) == said


def test_race_that_was_not_timed_has_no_latency_rows() -> None:
    assert facts.latency_rows({"teacher": one_arm(4000)}).empty


def test_numbers_are_written_with_their_units() -> None:
    assert [bytes_text(count) for count in (0, 999, 4264, 340_008, 20e9)] == [
        "0 B",
        "999 B",
        "4.3 kB",
        "340 kB",
        "20.0 GB",
    ]
    assert [count_text(count) for count in (1032, 84_480, 23_500_000)] == ["1.0 k", "84.5 k", "23.5 M"]
    assert [seconds_text(time) for time in (3.21, 125, 4320)] == ["3.2 s", "2 min 05 s", "1 h 12 min"]
    assert [ratio_text(ratio) for ratio in (1.29, 79.7)] == ["1.3", "80"]
