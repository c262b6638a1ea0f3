"""Numbers in words: means with their spread, shares, points, durations and temperatures."""

from __future__ import annotations

import math

from kd_core.results import mean_sd
from pages.parts.text import (
    MISSING,
    duration_text,
    mean_sd_text,
    percent_of,
    percent_text,
    points_of,
    share_text,
    signed_text,
    temperature_text,
)


def test_a_spread_is_written_only_where_there_is_more_than_one_seed() -> None:
    assert percent_of([0.93, 0.95]) == "94.0 ± 1.4 %"
    assert percent_of([0.93]) == "93.0 %"
    assert mean_sd_text(mean_sd([0.25, 0.26])) == "0.255 ± 0.007"
    assert points_of([0.01, 0.03]) == "+2.0 ± 1.4"


def test_number_of_seeds_and_unit_are_optional() -> None:
    measure = mean_sd([0.93, 0.95])
    assert percent_text(measure, with_n=True) == "94.00 ± 1.41 % (n = 2)"
    assert percent_text(measure, 1, unit="") == "94.0 ± 1.4"


def test_what_was_not_measured_is_a_dash() -> None:
    assert percent_text(None) == mean_sd_text(None) == MISSING


def test_points_have_their_sign_and_zero_is_never_negative() -> None:
    assert [signed_text(value) for value in (3.527, -0.001, -1.5)] == ["+3.53", "+0.00", "-1.50"]
    assert signed_text(-0.04, 1) == "+0.0"


def test_shares_durations_and_temperatures() -> None:
    assert [share_text(0.943), share_text(0.943, 1)] == ["94", "94.3"]
    assert [duration_text(seconds) for seconds in (0.2, 42, 300, 7200)] == ["1 s", "42 s", "5 min", "2.0 h"]
    assert [temperature_text(4.0), temperature_text(math.inf), temperature_text(math.inf, "inf")] == ["4", "∞", "inf"]
