"""The report of a study: what it tells, that it stands by itself, and that nobody else's words become markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kd_core.experiments.study_runner import run_study
from kd_core.recipe import PRESETS, Study
from kd_core.results import load_race
from kd_core.store import Store
from pages.parts.app import engine
from pages.parts.charts import CurveSeries, MapAxis, MapCell
from pages.parts.report import study_report, view
from pages.parts.report.figures import Difference, differences_figure, lines_figure, map_figure
from pages.parts.text import speaking
from tests.pages.conftest import App, TrainedHome

SHORT = {"optim.epochs": 2, "teacher.optim.epochs": 2}
VOID = {"meta", "rect", "line", "path", "br"}
LARGEST_BYTES = 60_000


class Outline(HTMLParser):
    """Counts tags, keeps the text by tag, and fails where one is left open."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.values: list[str] = []
        self.feed(source)
        assert self.open == [], "a tag is left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in VOID or tag in ("path", "rect"):
            self.open.append(tag)
        if tag == "meta":
            self.open = [name for name in self.open if name != "meta"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def trained(trained_home: TrainedHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainedHome]:
    """The tiny race, in the store that the pages read."""
    monkeypatch.setenv("KD_HOME", str(trained_home.home))
    engine.store.cache_clear()
    yield trained_home
    engine.store.cache_clear()


def written(home: TrainedHome, **options: object) -> str:
    with speaking("en"):
        return study_report(engine.store(), engine.store().studies.get(home.study), **options)  # type: ignore[arg-type]


def test_a_races_report_tells_verdict_numbers_settings_and_how_to_reproduce_it(trained: TrainedHome) -> None:
    source = written(trained, link="http://localhost:8501/?study=x")
    race = load_race(engine.store(), engine.store().studies.get(trained.study))
    assert race.verdict is not None and race.verdict.ci95_pp is not None
    words = " ".join(Outline(source).words)
    assert f"{race.verdict.difference_pp:+.2f} percentage points (95 % interval" in words and "n = 2 seeds" in words
    assert f"{100 * (race.arms['teacher'].measures['accuracy'] or race).mean:.2f}" in words  # type: ignore[union-attr]
    assert "python -m kd_core race digits --set optim.epochs=3 --set teacher.optim.epochs=2 --seeds 2" in words
    assert "http://localhost:8501/?study=x" in words and '"widths"' in words
    assert "Learning rate" in words and "Seeds 0, 1 (n = 2)" in words and "KD Playground 0." in words
    assert "Trained on cpu" in words and "test split" in words


def test_it_stands_by_itself_and_is_small(trained: TrainedHome) -> None:
    """Nothing is fetched: the policy in it forbids that, and there is nothing to fetch."""
    source = written(trained)
    outline = Outline(source)
    assert not {"script", "img", "iframe", "link", "object"} & set(outline.tags) and outline.values == []
    assert "default-src 'none'" in source and "@import" not in source and len(source.encode()) < LARGEST_BYTES
    assert outline.tags.count("svg") == 2 and "prefers-color-scheme: dark" in source and "@media print" in source


def test_somebody_elses_words_are_shown_letter_by_letter(trained: TrainedHome) -> None:
    row = replace(engine.store().studies.get(trained.study), name='<img src=x onerror="alert(1)"></title>')
    with speaking("en"):
        source = study_report(engine.store(), row, link="javascript:alert(1)", findings=["<script>alert(2)</script>"])
    outline = Outline(source)
    assert not {"img", "script", "a"} & set(outline.tags)
    assert '<img src=x onerror="alert(1)"></title>' in "".join(outline.words)


@pytest.mark.parametrize(("language", "cause"), [("en", "The budget is too short: "), ("zh", "文献：")])
def test_a_report_tells_what_the_doctor_found(
    trained: TrainedHome, language: str, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KD_HOME", str(trained.home))
    engine.store.cache_clear()
    with speaking(language):
        assert any(cause in sentence for sentence in view.what_may_be_wrong(trained.study, None) or [])


def test_findings_are_listed_where_somebody_looked(trained: TrainedHome) -> None:
    assert "What may be wrong" not in written(trained)
    assert "Nothing found." in written(trained, findings=[])
    assert "<li>The budget is too short.</li>" in written(trained, findings=["The budget is too short."])


def test_it_speaks_the_readers_language(trained: TrainedHome) -> None:
    with speaking("zh"):
        source = study_report(engine.store(), engine.store().studies.get(trained.study))
    assert '<html lang="zh">' in source and "如何重现" in source and "学习率" in source
    assert not re.search(r"How |Settings<|Numbers<", source)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store with a study of each kind, one that has not begun, and one whose only seed is finished."""
    home, found = tmp_path_factory.mktemp("kinds"), {}
    store, base = Store(home), PRESETS["digits"].recipe.changed(SHORT)
    axes = {"method.temperature": (1, 4), "method.teacher_weight": (0.1, 0.9)}
    studies = {
        "compare": Study.compare(base, ["soft_targets", "dist"], 2, "digits"),
        "sweep": Study.sweep(base, axes, 2, "digits"),
        "one seed": Study.race(base, 1, "digits"),
        "mutual": Study.race(base.changed({"protocol": "mutual"}), 1, "digits"),
    }
    for name, study in studies.items():
        found[name] = store.studies.add(study, status="running")
        run_study(store, found[name], data_root=home / "data")
    found["waiting"] = store.studies.add(Study.race(base.changed({"optim.epochs": 5}), 2, "digits"))
    store.close()
    return home, found


@pytest.fixture
def report_of(kinds: tuple[Path, dict[str, str]], warm: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """`report_of(kind) -> HTML`."""
    home, found = kinds
    monkeypatch.setenv("KD_HOME", str(home))
    engine.store.cache_clear()

    def report(kind: str, **options: object) -> str:
        with speaking("en"):
            return study_report(engine.store(), engine.store().studies.get(found[kind]), **options)  # type: ignore[arg-type]

    yield report
    engine.store.cache_clear()


def test_a_method_races_report_has_a_row_for_every_technique(report_of: object) -> None:
    source = report_of("compare")  # type: ignore[operator]
    words = " ".join(Outline(source).words)
    assert "Correlation (DIST)" in words and "Soft targets (KD)" in words and "Student alone" in words
    assert "python -m kd_core compare soft_targets dist --preset digits" in words and source.count("<svg") == 1


def test_a_sweeps_report_has_every_cell_and_its_axes(report_of: object) -> None:
    source = report_of("sweep")  # type: ignore[operator]
    words = " ".join(Outline(source).words)
    assert "--axis method.temperature=1.0,4.0" in words or "--axis method.temperature=1,4" in words
    assert source.count("<tr>") >= 5 and "Temperature" in words and "Validation chooses" in words


def test_one_cells_report_is_that_of_its_trio(report_of: object) -> None:
    source = report_of("sweep", cell={"method.temperature": 4, "method.teacher_weight": 0.9})  # type: ignore[operator]
    words = " ".join(Outline(source).words)
    assert "T = 4 · α = 0.9" in words and "Accuracy over the epochs" in words
    told = "python -m kd_core race digits --set optim.epochs=2 --set teacher.optim.epochs=2 --seeds 2"
    assert told in words, "the cell's own settings are those of the preset"


def test_one_techniques_report_names_it_and_races_its_recipe(report_of: object) -> None:
    words = " ".join(Outline(report_of("compare", cell={"contender": "dist"})).words)  # type: ignore[operator]
    assert "Correlation (DIST)" in words and "race digits --set 'method=" in words


def test_one_seed_has_no_interval_and_says_so(report_of: object) -> None:
    assert "one seed has no interval" in report_of("one seed")  # type: ignore[operator]


def test_what_has_no_teacher_is_not_spoken_of_as_taught_by_one(report_of: object) -> None:
    finding = re.search(r"<p class=finding>(.*?)</p>", report_of("mutual"))  # type: ignore[operator]
    assert finding is not None and "teacher helped" not in finding[1]


def test_a_study_that_has_not_begun_has_a_report_without_figures(report_of: object) -> None:
    source = report_of("waiting")  # type: ignore[operator]
    assert "<svg" not in source and "waiting" in source and "not yet" in source and "race digits" in source


def test_a_line_with_gaps_is_drawn_in_pieces() -> None:
    nan = float("nan")
    line = CurveSeries("teacher", "teacher", [1, 2, 3, 4], [0.5, nan, 0.7, 0.8])
    svg = lines_figure([line], "epoch", "accuracy", (0.0, 1.0), "title")
    (drawn,) = re.findall(r'<path d="([^"]*)" stroke-dasharray="none" fill="none"', svg)
    assert drawn.count("M") == 2 and drawn.count("L") == 1 and "nan" not in svg


def test_a_mark_is_filled_only_where_the_interval_leaves_0_out() -> None:
    rows = [Difference("sure", 2.0, 1.0, 3.0), Difference("unsure", 1.0, -1.0, 3.0), Difference("one seed", 1.0)]
    svg = differences_figure(rows, "points", "title")
    assert re.findall(r'fill="(#D55E00|none)" stroke="#D55E00" stroke-width="1.5"', svg) == ["#D55E00", "none", "none"]


def test_positions_in_a_map_follow_the_axes_and_colours_the_gain() -> None:
    cells = [
        MapCell(0, 0, 0, "low", (), gain=-2.0, value="-2.0"),
        MapCell(1, 1, 1, "high", (), gain=2.0, value="+2.0", best=True),
        MapCell(2, 1, 0, "<b>", (), gain=None, mark="failed", zero=True),
    ]
    svg = map_figure(MapAxis("T", ["1", "4"]), MapAxis("w", ["0.1", "0.9"]), cells, 2.0, "title")
    drawn = re.findall(r'<rect fill="(rgb[^"]*|none)" x="([\d.]+)" y="([\d.]+)"', svg)
    assert [colour for colour, _, _ in drawn] == ["rgb(191, 129, 45)", "rgb(53, 151, 143)", "none"]
    assert float(drawn[0][1]) < float(drawn[1][1]) and float(drawn[0][2]) > float(drawn[1][2])
    assert "<b>" not in svg and "&lt;b&gt;" in svg and "failed" in svg


def test_compare_and_race_offer_the_report(trained_home: TrainedHome, app: App, warm: None) -> None:
    for page, query in (("race", {"study": trained_home.study}), ("compare", {"studies": trained_home.study})):
        shown = app(trained_home.home, page=page, **query)
        assert not shown.exception and [b.key for b in shown.get("download_button") if b.key == "study_report"]
