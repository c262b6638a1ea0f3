"""Numbers in words: spreads, shares, points, bytes, times and ratios, as the pages write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kd_core.results import MeanSd, mean_sd
from pages.parts.text.i18n import t

MISSING = "–"


def percent_text(measure: MeanSd | None, digits: int = 2, *, unit: str = " %", with_n: bool = False) -> str:
    """Return fractions over seeds in percent, e.g. "93.43 ± 1.75 % (n = 5)"."""
    if measure is None:
        return MISSING
    spread = "" if measure.sd is None else f" ± {100 * measure.sd:.{digits}f}"
    counted = f" (n = {len(measure.values)})" if with_n else ""
    return f"{100 * measure.mean:.{digits}f}{spread}{unit}{counted}"


def spread_text(measure: MeanSd | None) -> str:
    """Return fractions over seeds in percent for a table, e.g. "94.2 ± 0.2 (n = 5)"."""
    return percent_text(measure, 1, unit="", with_n=True)


def percent_of(values: Sequence[float]) -> str:
    """Return mean and sd of fractions in percent, e.g. "94.2 ± 0.2 %"."""
    return percent_text(mean_sd(values), 1)


def points_of(differences: Sequence[float]) -> str:
    """Return the mean of differences between fractions in percentage points with its sign, e.g. "+1.3 ± 0.4"."""
    measure = mean_sd(differences)
    spread = "" if measure.sd is None else f" ± {100 * measure.sd:.1f}"
    return f"{100 * measure.mean:+.1f}{spread}"


def mean_sd_text(measure: MeanSd | None, digits: int = 3) -> str:
    """Return numbers over seeds as they are, e.g. "0.251 ± 0.042"."""
    if measure is None:
        return MISSING
    spread = "" if measure.sd is None else f" ± {measure.sd:.{digits}f}"
    return f"{measure.mean:.{digits}f}{spread}"


def share_text(share: float, digits: int = 0) -> str:
    """Return a fraction as a number of per cent, without the sign, e.g. "94" or "94.2"."""
    return f"{100 * share:.{digits}f}"


def signed_text(value: float, digits: int = 2) -> str:
    """Return a number of points with its sign, e.g. "+3.53", and never "-0.00"."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def temperature_text(temperature: float, infinite: str = "∞") -> str:
    """Return a temperature, e.g. "4" or "∞"."""
    return infinite if math.isinf(temperature) else f"{temperature:g}"


def about_text(seconds: float) -> str:
    """Return how long a study will take about, or that all of its networks are stored."""
    if seconds < 0.05:
        return t("race.reused")
    return t("race.about", seconds=duration_text(seconds))


def duration_text(seconds: float) -> str:
    """Return a duration in round numbers, e.g. "about 40 s" without the about, "12 min" or "1.5 h"."""
    if seconds < 90:
        return t("time.seconds", n=max(1, round(seconds)))
    return t("time.minutes", n=round(seconds / 60)) if seconds < 5400 else t("time.hours", n=f"{seconds / 3600:.1f}")


def bytes_text(count: float) -> str:
    """Return a size in decimal units, e.g. "340 kB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "B" or count >= 100 else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError


def count_text(count: float) -> str:
    """Return a large number, e.g. "85.0 k" or "23.5 M"."""
    for unit in ("", "k", "M", "G"):
        if count < 1000 or unit == "G":
            return f"{count:,.0f}" if not unit else f"{count:,.{0 if count >= 100 else 1}f} {unit}"
        count /= 1000
    raise AssertionError


def seconds_text(seconds: float) -> str:
    """Return a duration, e.g. "3.2 s", "2 min 05 s" or "1 h 12 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def milliseconds_text(value: float) -> str:
    """Return a latency with three digits that mean something, e.g. "0.0367 ms"."""
    return f"{value:,.0f} ms" if value >= 1000 else f"{value:.3g} ms"


def ratio_text(ratio: float) -> str:
    """Return how many times, e.g. "80" or "1.3"."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"
