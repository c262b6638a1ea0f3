"""The evidence page: what could not be shown comes first, and every number says where it is from."""

import subprocess
import sys
from pathlib import Path

import pytest

from pages.parts.evidence import files, sentences
from pages.parts.text.i18n import catalogue
from tests.pages.conftest import ROOT, App

DOCUMENTS = files.documents()


def test_groups_are_told_worst_first(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="evidence")
    assert not page.exception
    headers = [header.value for header in page.header]
    assert [header.split(" (")[0] for header in headers] == [
        "Not reproduced, or not affordable here", "Direction reproduced", "Reproduced", "Waiting to be tested",
        "All figures",
    ]  # fmt: skip
    short = files.grouped(DOCUMENTS)["short"]
    assert "tian" in [one["name"] for one in short]
    assert page.subheader[0].value == sentences.finding(short[0])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_claim_has_title_sources_and_command(app: App, tmp_path: Path, language: str) -> None:
    page = app(tmp_path, page="evidence", language=language)
    assert not page.exception
    assert len(page.subheader) == len(DOCUMENTS)
    assert {code.value for code in page.code} == {one["command"] for one in DOCUMENTS if one["command"]}
    badge = f":gray-badge[{catalogue(language)['evidence.literature']}]"
    sources = [line for one in page.markdown for line in one.value.split("\n\n") if line.startswith(badge)]
    assert sorted(sources) == sorted(f"{badge} {one['source']}" for one in DOCUMENTS)
    recorded = [caption.value for caption in page.caption if ", torch " in caption.value or "，torch " in caption.value]
    tables = [one.value for one in page.markdown if "|---|" in one.value]
    assert len(recorded) == len(tables) == sum(one["provenance"] is not None for one in DOCUMENTS)


def test_all_figures_are_in_the_table_for_the_file() -> None:
    rows = files.rows(DOCUMENTS)
    assert len(rows) == sum(len(one["figures"]) for one in DOCUMENTS)
    assert rows.loc[(rows["experiment"] == "hinton"), "published"].tolist() == [67, 146, 74]


def test_every_claim_that_is_tried_has_words_for_its_finding() -> None:
    for language in ("en", "zh"):
        words = {key.removeprefix("evidence.finding.") for key in catalogue(language) if "evidence.finding." in key}
        assert words == {one["name"] for one in DOCUMENTS}


def test_a_claim_without_numbers_is_told_by_what_it_claims() -> None:
    tian = next(one for one in DOCUMENTS if one["name"] == "tian")
    assert sentences.finding(tian) == tian["claim"]["en"]


def test_our_figure_says_its_spread_its_interval_and_its_seeds() -> None:
    figure = {"unit": "errors", "values": [90.0, 94.0, 95.0], "mean": 93.0, "sd": 2.6458, "ci95": [86.43, 99.57]}
    assert sentences.ours(figure) == "93 ± 2.6 errors (86.4 to 99.6, n = 3)"
    assert sentences.ours({**figure, "values": [93.0], "sd": None, "ci95": None}) == "93 errors (one seed)"
    assert sentences.ours({**figure, "values": []}) == "–"


def test_a_direction_says_what_its_seeds_can_see() -> None:
    hinton = next(one for one in DOCUMENTS if one["name"] == "true-probabilities")
    judged = {**hinton["directions"][0], "difference": 1.0, "ci95": [0.5, 1.5], "holds": True, "detectable": 0.4}
    words = sentences.direction(hinton, judged)
    assert words.endswith(f"These {len(hinton['seeds'])} seeds can see 0.40 points or more.")
    assert "can see" not in sentences.direction(hinton, {**judged, "detectable": None})


def test_a_claim_that_waits_says_what_is_planned_and_one_that_was_run_what_it_took() -> None:
    claim = {"seeds_planned": 5, "detectable_sds": 1.68, "hours": {"budget": 0.5, "spent": None}}
    assert sentences.planned(claim) == (
        "Not tested yet. Planned: 5 seeds, which can see 1.7 standard deviations of the paired differences or more, "
        "and at most 0.5 hours of one core."
    )
    assert sentences.run_here(claim) == "**Run it here** (at most 0.5 hours of one core):"
    for spent, words in ((0.05, "3 minutes"), (2.25, "2.2 hours")):
        assert words in sentences.run_here({"hours": {"budget": 4, "spent": spent}})


def test_an_empty_folder_says_how_to_record(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    page = app(tmp_path, page="evidence")
    assert not page.exception
    assert "python -m benchmarks.evidence" in page.info[0].value


def test_the_page_needs_no_torch() -> None:
    modules = ", ".join(f"pages.parts.evidence.{name}" for name in ("files", "sentences", "chart", "view"))
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "False", ran.stderr


def test_a_chart_shows_what_its_claim_names_as_far_as_it_was_measured() -> None:
    from pages.parts.evidence.chart import chart_rows, drawn, evidence_chart

    label = {"en": "Errors", "zh": "错误"}
    base = {"label": label, "values": [1.0, 2.0], "mean": 1.5, "sd": 0.7, "ci95": [-4.9, 7.9], "published": 2}
    figures = [{**base, "key": "a"}, {**base, "key": "b"}, {**base, "key": "c", "values": []}]
    found = drawn({"figures": figures, "chart": ["a", "c"]})
    assert [figure["key"] for figure in found] == ["a"]
    ours = evidence_chart(chart_rows(found), "errors").data[-1]
    assert (ours.x[0], ours.error_x.array[0], ours.error_x.arrayminus[0]) == pytest.approx((1.5, 6.4, 6.4))


def test_a_chart_whose_axis_does_not_begin_at_zero_says_so() -> None:
    from pages.parts.evidence.chart import chart_rows, evidence_chart

    base = {"label": {"en": "Accuracy", "zh": "准确率"}, "values": [1.0], "ci95": None, "published": None}
    for mean, words in ((97.0, "% of test images, zoomed axis"), (30.0, "% of test images")):
        figure = evidence_chart(chart_rows([{**base, "mean": mean}, {**base, "mean": 98.0}]), "%")
        assert figure.layout.xaxis.title.text == words


def test_the_figures_of_a_chart_have_one_unit() -> None:
    for one in DOCUMENTS:
        assert len({figure["unit"] for figure in one["figures"] if figure["key"] in one["chart"]}) <= 1
        assert set(one["chart"]) <= {figure["key"] for figure in one["figures"]}
