"""The Method race page without a browser: what it shows of a race, what its form asks for, and what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.recipe.techniques import technique_names
from kd_core.results.method_race import MethodRaceData, TechniqueResult, compare_json, load_method_race
from kd_core.results.race import ArmResult
from kd_core.results.statistics import Outcome, Verdict
from kd_core.store import Store
from pages.parts.app import engine
from pages.parts.compare import study_list
from pages.parts.compare.study_actions import _race_json
from pages.parts.method_race import sentences as say
from pages.parts.method_race.plan import FIRST, TECHNIQUES
from pages.parts.method_race.table import race_rows
from pages.parts.text.i18n import catalogue
from tests.pages.conftest import App

pytestmark = pytest.mark.usefixtures("warm")

NAMES = ["soft_targets", "relational", "hints:two_stages", "mutual", "attention_transfer"]
RACED = NAMES[:-1]


class Raced(NamedTuple):
    """A store's folder and the method races in it, the newest last."""

    home: Path
    one_seed: str
    study: str


def small() -> Recipe:
    changes = {"optim.epochs": 2, "teacher.optim.epochs": 2, "teacher.student.widths": [16], "data.labelled": 100}
    return PRESETS["digits"].recipe.changed(changes)


def train(home: Path, names: list[str], seeds: int) -> str:
    store = Store(home)
    study = store.studies.add(Study.compare(small(), names, seeds, "digits"), status="running")
    run_study(store, study, data_root=home / "data")
    row = store.studies.get(study)
    store.close()
    assert row.status == "done", row.error
    return study


@pytest.fixture(scope="session")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Raced:
    """Tiny method races on digits: two techniques with one seed, four and a refused one with two."""
    home = tmp_path_factory.mktemp("raced")
    one_seed = train(home, ["relational", "label_smoothing"], 1)
    return Raced(home, one_seed, train(home, NAMES, 2))


@pytest.fixture
def store(raced: Raced) -> Iterator[Store]:
    opened = Store(raced.home)
    yield opened
    opened.close()


def texts(app: AppTest) -> str:
    """What is written on the page, without the marks that keep Markdown from reading it."""
    shown = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.header]
    return "\n".join(str(element.value) for element in shown).replace("\\", "").replace("\N{WORD JOINER}", "")


def chart(app: AppTest, name: str) -> dict[str, Any]:
    found = [one.proto for one in app.get("plotly_chart") if name in one.proto.id]
    assert found, f"no chart {name}"
    spec: dict[str, Any] = json.loads(found[0].spec)
    return spec


def verdict_of(difference: float, low: float | None = None, high: float | None = None) -> Verdict:
    outcome: Outcome = (
        "one seed" if low is None else "better" if low > 0 else "worse" if (high or 0) < 0 else "no difference detected"
    )
    interval = None if low is None or high is None else (low, high)
    return Verdict(difference, interval, outcome, seeds=1 if low is None else 3)


def race_of(**verdicts: tuple[Verdict, Verdict | None]) -> MethodRaceData:
    student = ArmResult("distilled", {}, parameters=0, bytes=0, macs=0, seconds=0.0)
    techniques = [TechniqueResult(name, student, *both, extra_parameters=0) for name, both in verdicts.items()]
    return MethodRaceData({}, techniques, {}, [])


def test_without_a_method_race_the_form_is_filled_in_and_tells_how_long_it_will_take(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="method_race")
    assert not page.exception
    assert page.multiselect(key=TECHNIQUES).value == list(FIRST)
    assert page.slider(key="seeds").value == 3
    assert "8 techniques × 3 seed(s): 30 networks." in texts(page) and "on this machine" in texts(page)
    assert "There is no method race here yet" in texts(page)
    assert not page.button(key="method_race_start").disabled


def test_a_finished_race_is_drawn_as_the_store_has_it(app: App, raced: Raced, store: Store) -> None:
    page = app(raced.home, page="method_race", study=raced.study)
    assert not page.exception
    told, race = compare_json(store, raced.study), load_method_race(store, raced.study)
    ranked = [technique.name for technique in race.ranked]
    drawn = {trace["y"][0]: trace for trace in chart(page, "method_race_gain")["data"]}
    assert set(drawn) == {*RACED, "alone"} and drawn["alone"]["x"] == [0]
    for one in told["techniques"]:
        low, high = one["over_alone"]["ci95_pp"]
        (middle,), whisker = drawn[one["name"]]["x"], drawn[one["name"]]["error_x"]
        assert middle == pytest.approx(one["over_alone"]["difference_pp"])
        ends = (middle - whisker["arrayminus"][0], middle + whisker["array"][0])
        assert ends == (pytest.approx(low), pytest.approx(high))
        hollow = drawn[one["name"]]["marker"]["symbol"] == "circle-open"
        assert hollow is (low <= 0 <= high)
    order = chart(page, "method_race_gain")["layout"]["yaxis"]["categoryarray"]
    assert [name for name in order[::-1] if name != "alone"] == ranked
    assert "2 seed(s) · 100 labels · 2 epochs" in texts(page)
    assert "of 4 technique(s) that change nothing, about 0.1 would look better by chance alone" in texts(page)


def test_the_table_has_every_technique_and_the_two_that_all_share(app: App, raced: Raced, store: Store) -> None:
    page = app(raced.home, page="method_race", study=raced.study)
    shown = next(frame.value for frame in page.dataframe if "over_soft_targets" in frame.value)
    assert len(shown) == len(RACED) + 2
    assert {"Soft targets (KD)", "Hints (FitNets): two stages", "Mutual learning (DML) · protocol", "Teacher"} <= set(
        shown["technique"]
    )
    assert shown.set_index("technique")["over_soft_targets"]["Soft targets (KD)"] == "–"
    rows = race_rows(load_method_race(store, raced.study)).set_index("name")
    assert rows["extra_parameters"]["hints:two_stages"] == 12 * 16 + 16
    assert rows["accuracy"]["teacher"] > rows["accuracy"]["alone"] > 0


def test_agreement_calibration_and_time_are_charts_of_the_same_techniques(app: App, raced: Raced) -> None:
    page = app(raced.home, page="method_race", study=raced.study)
    assert len(chart(page, "method_race_agreement")["data"]) == len(RACED) + 1
    cost = chart(page, "method_race_cost")
    assert len(cost["data"]) == 2 * len(RACED)
    assert [cost["layout"][axis]["title"]["text"] for axis in ("xaxis", "xaxis2")] == [
        "calibration error (%)",
        "training (s)",
    ]


def test_a_technique_that_did_not_fit_is_told_with_its_sentence(app: App, raced: Raced) -> None:
    page = app(raced.home, page="method_race", study=raced.study)
    assert "Attention transfer (AT) did not race: The method 'attention_transfer' needs maps" in texts(page)


def test_one_seed_says_so_and_draws_no_interval(app: App, raced: Raced) -> None:
    page = app(raced.home, page="method_race", study=raced.one_seed)
    assert not page.exception
    assert "One seed:" in texts(page).replace("\N{WORD JOINER}", "") and "none of these differences is sure" in texts(
        page
    )
    for trace in chart(page, "method_race_gain")["data"]:
        assert "array" not in trace.get("error_x", {})
        assert trace["marker"]["symbol"] in ("circle-open", "square")


def test_a_page_without_a_race_in_its_link_offers_the_earlier_ones(app: App, raced: Raced) -> None:
    page = app(raced.home, page="method_race")
    assert page.selectbox(key="method_race_study").value is None
    assert "study" not in page.query_params
    page = page.selectbox(key="method_race_study").set_value(raced.one_seed).run()
    assert not page.exception
    assert page.query_params["study"] == raced.one_seed
    assert {trace["y"][0] for trace in chart(page, "method_race_gain")["data"]} == {
        "relational",
        "label_smoothing",
        "alone",
    }


def test_a_link_to_a_race_fills_in_its_techniques(app: App, raced: Raced) -> None:
    page = app(raced.home, page="method_race", study=raced.study)
    assert page.multiselect(key=TECHNIQUES).value == NAMES


def test_the_chosen_techniques_are_in_the_link_and_an_unknown_one_is_told(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="method_race").multiselect(key=TECHNIQUES).set_value(["dist", "relational"]).run()
    assert page.query_params["techniques"] == "dist,relational"
    page = page.multiselect(key=TECHNIQUES).set_value(list(FIRST)).run()
    assert "techniques" not in page.query_params
    page = app(tmp_path, page="method_race", techniques="magic,relational,dist")
    assert not page.exception
    assert page.multiselect(key=TECHNIQUES).value == ["relational", "dist"]
    assert ("techniques", "no technique here is called magic") in page.session_state["link_refused"]


def test_the_form_refuses_what_does_not_fit_and_races_the_others(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="method_race", seeds="2", **{"optim.epochs": "3"})
    page = page.multiselect(key=TECHNIQUES).set_value(["relational", "attention_transfer"]).run()
    assert "Attention transfer (AT) cannot race: The method 'attention_transfer' needs maps" in texts(page)
    page = page.button(key="method_race_start").click().run()
    assert not page.exception
    store = Store(tmp_path)
    row = store.studies.list()[0]
    store.close()
    assert (row.kind, row.status, row.seeds) == ("compare", "queued", 2)
    assert row.spec["cells"] == [{"contender": "relational"}] and row.spec["refused"].keys() == {"attention_transfer"}
    assert row.spec["base"]["optim"]["epochs"] == 3
    assert page.query_params["study"] == row.id
    page = page.button(key="method_race_stop").click().run()
    assert not page.exception and page.button(key="sweep_resume")
    assert "No technique of this race came to its end." in texts(page)


@pytest.mark.parametrize(
    ("names", "reason"),
    [([], "Choose at least one technique."), (["attention_transfer"], "None of these techniques fits the networks.")],
)
def test_a_race_of_nobody_cannot_be_started(app: App, tmp_path: Path, names: list[str], reason: str) -> None:
    page = app(tmp_path, page="method_race")
    page = page.multiselect(key=TECHNIQUES).set_value(names).run()
    assert not page.exception
    assert reason in texts(page)
    assert page.button(key="method_race_start").disabled


def test_too_many_networks_are_refused_before_anything_is_built(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="method_race", seeds="100")
    page = page.multiselect(key=TECHNIQUES).set_value(technique_names()).run()
    assert "too many for one race" in texts(page)
    assert page.button(key="method_race_start").disabled


def test_both_languages_show_the_page(app: App, raced: Raced) -> None:
    page = app(raced.home, page="method_race", study=raced.study, language="zh")
    assert not page.exception
    assert "注意力迁移（AT） 没有参加：方法“attention_transfer”需要" in texts(page)
    shown = next(frame.value for frame in page.dataframe if "over_soft_targets" in frame.value)
    assert {"软标签蒸馏（KD）", "中间层提示（FitNets）：两阶段", "相互学习（DML） · 协议", "教师模型"} <= set(
        shown["technique"]
    )


def test_every_variant_has_words_in_both_languages() -> None:
    variants = {name.partition(":")[2] for name in technique_names() if ":" in name}
    for language in ("en", "zh"):
        assert {f"method_race.variants.{one}" for one in variants} <= catalogue(language).keys()


def test_the_finding_names_who_is_above_whom_and_nobody_else() -> None:
    told = race_of(
        soft_targets=(verdict_of(2, 1, 3), None),
        relational=(verdict_of(3, 2, 4), verdict_of(1, 0.5, 1.5)),
        hints=(verdict_of(1, -1, 3), verdict_of(-1, -3, 1)),
        similarity=(verdict_of(-2, -3, -1), verdict_of(-4, -5, -3)),
    )
    assert say.finding(told, alive=False) == (
        "Better than the student alone by more than chance: Relational (RKD), Soft targets (KD) (2 of 4 technique(s)). "
        "Worse than the student alone by more than chance: Similarity (SP). "
        "Better than Soft targets (KD) by more than chance: Relational (RKD)."
    )


def test_the_finding_is_no_winner_where_the_intervals_span_0() -> None:
    told = race_of(soft_targets=(verdict_of(2, -1, 5), None), hints=(verdict_of(3, -1, 7), verdict_of(1, -2, 4)))
    assert say.finding(told, alive=False) == (
        "Not one of 2 technique(s) is better than the student alone by more than chance. "
        "None is better than Soft targets (KD) by more than chance."
    )


def test_a_race_without_soft_targets_says_nothing_of_them() -> None:
    said = say.finding(race_of(hints=(verdict_of(3, 1, 5), None)), alive=False)
    assert "Soft targets" not in said


def test_compare_lists_a_method_race_and_says_that_it_is_not_compared_there(app: App, raced: Raced) -> None:
    page = app(raced.home, page="compare", studies=f"{raced.study},{raced.one_seed}")
    assert not page.exception
    assert "Sweeps and method races are not compared here" in texts(page)
    page = app(raced.home, page="compare", studies=raced.study)
    assert not page.exception
    assert [one["name"] for one in json.loads(_race_json(raced.study))["techniques"]] == RACED
    assert study_list.facts(engine.store().studies.get(raced.study))["verdict"] is None
