"""What the evidence says in words: findings with their numbers, spreads, directions, and where a number is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.parts.evidence.files import Document, localised
from pages.parts.text import MISSING, t

DIGITS: Mapping[str, str] = {
    "errors": ",.1f",
    "%": ".2f",
    "points": "+.2f",
    "nats": ".3g",
    "epochs": ".1f",
    "images": ",.0f",
    "rate": ".3g",
    "": ",.4g",
}


def number(value: float | None, unit: str) -> str:
    """Return a figure as it is written beside its unit; a count that is whole has no decimals."""
    if value is None:
        return MISSING
    if unit in ("errors", "epochs") and float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:{DIGITS[unit]}}"


def with_unit(text: str, unit: str) -> str:
    """Return a number with its unit behind it."""
    return text if text == MISSING or not unit else t(f"evidence.unit.{'percent' if unit == '%' else unit}", value=text)


def published(figure: Mapping[str, Any]) -> str:
    """Return a figure as its source prints it, or a dash where it prints none."""
    return MISSING if figure["published"] is None else with_unit(f"{figure['published']:g}", figure["unit"])


def ours(figure: Mapping[str, Any]) -> str:
    """Return our figure: mean, standard deviation, 95 % interval and number of seeds; one seed says so."""
    count, unit = len(figure["values"]), figure["unit"]
    if not count:
        return MISSING
    mean = number(figure["mean"], unit)
    if count == 1 or figure["ci95"] is None:
        return t("evidence.one_seed", value=with_unit(mean, unit))
    if not figure["sd"]:
        return t("evidence.same_in_all", value=with_unit(mean, unit), n=count)
    low, high = (number(end, unit) for end in figure["ci95"])
    sd = number(figure["sd"], unit).lstrip("+")
    return t("evidence.spread", value=with_unit(f"{mean} ± {sd}", unit), low=low, high=high, n=count)


def finding(experiment: Document) -> str:
    """Return the title of an experiment: its numbers in a sentence, or what is claimed where there are none."""
    if experiment["outcome"] in ("not affordable", "not recorded"):
        return localised(experiment["claim"])
    fields = {figure["key"]: number(figure["mean"], figure["unit"]) for figure in experiment["figures"]}
    return t(f"evidence.finding.{experiment['name']}", **fields)


def direction(experiment: Document, judged: Mapping[str, Any]) -> str:
    """Return whether a direction holds, with the difference and its interval."""
    label = {figure["key"]: localised(figure["label"]) for figure in experiment["figures"]}
    if judged["ci95"] is None:
        return t("evidence.direction_unknown", higher=label[judged["higher"]])
    unit = "points" if judged["unit"] == "%" and judged["lower"] else judged["unit"]
    low, high = (number(end, unit) for end in judged["ci95"])
    fields = {
        "higher": label[judged["higher"]],
        "lower": label[judged["lower"]] if judged["lower"] else "",
        "value": with_unit(number(judged["difference"], unit), unit),
        "low": low,
        "high": high,
        "least": with_unit(f"{judged['least']:g}", unit),
        "basis": t(f"evidence.basis.{judged['basis']}"),
    }
    words = t("evidence.difference" if judged["lower"] else "evidence.level", **fields)
    judgement = t("evidence.holds" if judged["holds"] else "evidence.fails", words=words, **fields)
    return judgement + _power(experiment, judged, unit)


def _power(experiment: Document, judged: Mapping[str, Any], unit: str) -> str:
    """Return how small a difference so many seeds can see; nothing where there are too few to say."""
    if not judged["detectable"]:
        return ""
    smallest = with_unit(number(judged["detectable"], unit).lstrip("+"), unit)
    return t("evidence.power", n=len(experiment["seeds"]), value=smallest)


def planned(experiment: Document) -> str:
    """Return with how many seeds a claim is to be tested, what these can see, and how many hours it may take."""
    return t(
        "evidence.planned",
        n=experiment["seeds_planned"],
        sds=f"{experiment['detectable_sds']:.1f}",
        hours=f"{experiment['hours']['budget']:g}",
    )


def run_here(experiment: Document) -> str:
    """Return with how much work a claim is run again."""
    spent = experiment["hours"]["spent"]
    if spent is None:
        return t("evidence.run_here_budget", hours=f"{experiment['hours']['budget']:g}")
    hours = t("evidence.hours", value=f"{spent:.1f}")
    return t("evidence.run_here", time=hours if spent >= 1.5 else t("evidence.minutes", value=f"{60 * spent:.0f}"))


def provenance(experiment: Document) -> str:
    """Return when, on what and with what our figures were recorded."""
    made = experiment["provenance"]
    return t(
        "evidence.recorded",
        seeds=f"0–{len(experiment['seeds']) - 1}" if len(experiment["seeds"]) > 1 else "0",
        size=t("evidence.short_setting") if experiment["shortened"] else "",
        **made,
    )
