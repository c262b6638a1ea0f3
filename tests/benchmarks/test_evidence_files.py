"""The recorded evidence is complete, its commands can be typed, and its outcomes follow from its numbers."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.evidence import __main__, rule
from benchmarks.evidence.rule import Measured
from kd_core.results.statistics import t_interval

FILES = sorted(__main__.FOLDER.glob("*.json"))
ROOT = Path(__file__).parents[2]


def told(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def test_every_claim_has_its_file_and_every_file_its_claim() -> None:
    assert {path.stem for path in FILES} == set(__main__.CLAIMS)


def test_every_claim_has_a_trial_unless_it_says_why_not() -> None:
    from benchmarks.evidence.trials import TRIALS

    assert set(TRIALS) == set(__main__.TRIED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_all_its_parts(path: Path) -> None:
    one = told(path)
    assert set(one) == set(__main__.document(one["name"])), "record it again: its file is of another make"
    assert one["name"] == path.stem
    assert {"en", "zh"} <= one["claim"].keys()
    if one["outcome"] in ("not tried", "not recorded"):
        assert not any(figure["values"] for figure in one["figures"])
        return
    assert {"machine", "torch", "date"} == one["provenance"].keys()
    assert one["setting"]["en"] and one["setting"]["zh"]
    assert "{" not in one["setting"]["en"] + one["setting"]["zh"]
    assert all(len(figure["values"]) == len(one["seeds"]) for figure in one["figures"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_command_names_an_experiment_and_no_place_of_ours(path: Path) -> None:
    one = told(path)
    if one["not_tried"]:
        assert one["command"] is None
        return
    words = shlex.split(one["command"])
    assert words[:3] == ["python", "-m", "benchmarks.evidence"]
    assert words[words.index("--only") + 1] == one["name"] in __main__.TRIED
    assert words[words.index("--data-root") + 1] == "DIR"
    assert ("--full" in words) == one["full"]
    assert int(words[words.index("--seeds") + 1]) == (len(one["seeds"]) or __main__.CLAIMS[one["name"]]["seeds"])


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
    assert one["outcome"] == rule.outcome(one)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_published_figures_and_limits_are_those_of_the_claims(path: Path) -> None:
    one, declared = told(path), __main__.document(path.stem)
    published = ("key", "label", "unit", "published", "images", "tolerance")
    asked = ("higher", "lower", "least", "unit")
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
    return {"not_tried": None, "figures": [figure], "directions": [{"ci95": [low, low + 1], "least": 0}], **other}


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


def test_what_was_not_tried_or_not_recorded_is_never_called_reproduced() -> None:
    assert rule.outcome(document(80, 1.0, not_tried={"en": "too long"})) == "not tried"
    one = document(80, 1.0)
    one["figures"].append({"values": [], "mean": None, "published": None, "tolerance": None})
    assert rule.outcome(one) == "not recorded"


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
