"""The recorded evidence is complete, its commands can be typed, and its outcomes follow from its numbers."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.evidence import documents, rule
from benchmarks.evidence.rule import Measured
from kd_core.results.statistics import t_interval

FILES = sorted(documents.FOLDER.glob("*.json"))
ROOT = Path(__file__).parents[2]


def told(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def test_every_claim_has_its_file_and_every_file_its_claim() -> None:
    assert {path.stem for path in FILES} == set(documents.CLAIMS)


def test_every_claim_has_a_trial() -> None:
    from benchmarks.evidence.trials import TRIALS

    assert set(TRIALS) == set(documents.CLAIMS)


def test_no_claim_is_planned_with_fewer_than_three_seeds_or_without_a_budget() -> None:
    for claim in documents.CLAIMS.values():
        assert claim["seeds"] >= rule.SEEDS_FOR_T and claim["hours"] > 0
        assert {"en", "zh"} <= claim["title"].keys()
        assert bool(claim.get("gpu")) == ("not_affordable" in claim)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_all_its_parts(path: Path) -> None:
    one = told(path)
    assert set(one) == set(documents.document(one["name"])), "record it again: its file is of another make"
    assert one["name"] == path.stem
    assert {"en", "zh"} <= one["claim"].keys()
    assert one["detectable_sds"] == pytest.approx(rule.detectable_sds(one["seeds_planned"]))
    if one["outcome"] in ("not affordable", "not recorded"):
        assert not any(figure["values"] for figure in one["figures"])
        return
    if not one["shortened"]:
        assert len(one["seeds"]) == one["seeds_planned"] >= rule.SEEDS_FOR_T
        assert one["hours"]["spent"] > 0
    assert {"machine", "torch", "date"} == one["provenance"].keys()
    assert one["setting"]["en"] and one["setting"]["zh"]
    assert "{" not in one["setting"]["en"] + one["setting"]["zh"]
    assert all(len(figure["values"]) == len(one["seeds"]) for figure in one["figures"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_command_names_an_experiment_and_no_place_of_ours(path: Path) -> None:
    one = told(path)
    words = shlex.split(one["command"])
    assert words[:3] == ["python", "-m", "benchmarks.evidence"]
    assert words[words.index("--claim") + 1] == one["name"] in documents.CLAIMS
    assert ("--full" in words) == (one["name"] in documents.ON_GPU)
    assert words[words.index("--data-root") + 1] == "DIR"
    assert words[words.index("--home") + 1] == "HOME"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_outcome_follows_from_the_numbers(path: Path) -> None:
    one = told(path)
    for figure in (figure for figure in one["figures"] if figure["values"]):
        assert figure["mean"] == pytest.approx(np.mean(figure["values"]))
        interval = t_interval(figure["values"])
        assert figure["ci95"] == (interval and pytest.approx(list(interval)))
    by_key = {figure["key"]: figure["values"] for figure in one["figures"]}
    for direction in (direction for direction in one["directions"] if direction["ci95"]):
        lower = np.array(by_key[direction["lower"]]) if direction["lower"] else 0.0
        paired = np.array(by_key[direction["higher"]]) - lower
        assert direction["difference"] == pytest.approx(paired.mean())
        if direction["basis"] == "seeds":
            assert direction["ci95"] == pytest.approx(list(t_interval(paired) or ()))
        assert direction["holds"] == (direction["ci95"][0] > direction["least"])
        if direction["sd"] is not None:
            assert direction["sd"] == pytest.approx(np.std(paired - np.zeros(len(one["seeds"])), ddof=1))
            assert direction["detectable"] == pytest.approx(direction["sd"] * rule.detectable_sds(len(one["seeds"])))
    assert one["outcome"] == rule.outcome(one)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_published_figures_and_limits_are_those_of_the_claims(path: Path) -> None:
    one, declared = told(path), documents.document(path.stem)
    published = ("key", "label", "unit", "published", "images", "tolerance")
    asked = ("higher", "lower", "least", "unit", "effect", "effect_published")
    for part, names in (("figures", published), ("directions", asked)):
        assert [[row[name] for name in names] for row in one[part]] == [
            [row[name] for name in names] for row in declared[part]
        ]


def test_tolerance_is_two_standard_errors_of_the_published_count() -> None:
    # 100 of 10,000: a binomial's standard deviation is sqrt(10,000 x .01 x .99) = 9.95.
    assert rule.tolerance(100, "errors", 10_000) == pytest.approx(19.90, abs=0.01)
    assert rule.tolerance(1.0, "%", 10_000) == pytest.approx(0.199, abs=0.001)
    assert rule.tolerance(2.65, "points", None) is None


def document(mean: float, low: float, **other: Any) -> dict[str, Any]:
    figure = {"values": [mean], "mean": mean, "published": 74, "tolerance": 17}
    return {"not_affordable": None, "figures": [figure], "directions": [{"ci95": [low, low + 1], "least": 0}], **other}


@pytest.mark.parametrize(
    ("mean", "low", "outcome"),
    [
        (80, 1.0, "reproduced"),
        (91, 1.0, "reproduced"),
        (92, 1.0, "direction reproduced"),
        (80, -0.1, "not reproduced"),
        (80, 0.0, "not reproduced"),
    ],
)
def test_the_rule_asks_for_directions_first_and_for_figures_then(mean: float, low: float, outcome: str) -> None:
    assert rule.outcome(document(mean, low)) == outcome


def test_what_was_not_recorded_or_not_affordable_is_never_called_reproduced() -> None:
    one = document(80, 1.0)
    one["figures"].append({"values": [], "mean": None, "published": None, "tolerance": None})
    assert rule.outcome(one) == "not recorded"
    assert rule.outcome({**one, "not_affordable": {"en": "too long"}}) == "not affordable"


def test_what_some_seeds_can_see_is_what_tables_of_power_say() -> None:
    # A paired t test with 80 % power at 5 %, two-sided: an effect of 1.0 needs 10 pairs, one of .5 needs 34, one of
    # .8 needs 15 (Cohen 1988; G*Power).
    assert rule.detectable_sds(10) == pytest.approx(1.0, abs=0.01)
    assert rule.detectable_sds(34) == pytest.approx(0.5, abs=0.01)
    assert rule.detectable_sds(15) == pytest.approx(0.78, abs=0.01)
    assert rule.detectable_sds(3) > 3


def test_an_effect_is_the_share_of_what_is_worse_that_goes_away() -> None:
    # Hinton's 146 errors and 74: 72 of 146. Accuracies of 90 and 95 %: half of the ten errors in a hundred.
    assert rule.effect({"effect": "amount"}, [146.0], [74.0]) == [pytest.approx(49.3, abs=0.05)]
    assert rule.effect({"effect": "accuracy"}, [95.0], [90.0]) == [pytest.approx(50.0)]
    assert rule.effect({"effect": "accuracy"}, [80.0], [90.0]) == [pytest.approx(-100.0)]


def test_an_effect_of_nothing_has_no_size() -> None:
    assert rule.effect({"effect": "amount"}, [0.0], [74.0]) == []
    assert rule.effect({"effect": "accuracy"}, [95.0], [100.0]) == []


def test_a_direction_without_any_interval_does_not_hold() -> None:
    assert not rule.holds({"ci95": None, "least": 0})


def test_three_seeds_give_an_interval_over_seeds_and_one_seed_over_images() -> None:
    high, low = Measured([5.0, 6.0, 8.0]), Measured([3.0, 5.0, 6.0])
    by_seed = rule.difference(high, low, "errors")
    assert (by_seed["difference"], by_seed["basis"]) == (pytest.approx(5 / 3), "seeds")
    missed = np.zeros(1000, dtype=bool)
    missed[:40] = True
    few = np.zeros(1000, dtype=bool)
    few[:10] = True
    one = rule.difference(Measured([40.0], [missed]), Measured([10.0], [few]), "errors")
    # 30 images differ: about 30 +- 1.96 x sqrt(30), which is 19 to 41.
    assert one["basis"] == "images" and one["difference"] == 30
    assert one["ci95"] == pytest.approx([19.4, 40.6], abs=1.5)
