"""Words and numbers on screen, in the reader's language."""

from pages.parts.text import member_text
from pages.parts.text.escape import escape_html, escape_markdown
from pages.parts.text.i18n import LANGUAGES, browser_language, declared_text, error_text, language, t, texts_of
from pages.parts.text.numbers import (
    MISSING,
    about_text,
    bytes_text,
    count_text,
    duration_text,
    mean_sd_text,
    milliseconds_text,
    percent_of,
    percent_text,
    points_of,
    ratio_text,
    seconds_text,
    share_text,
    signed_text,
    spread_text,
    temperature_text,
)
from pages.parts.text.setting_text import AxisWords, axis_words, value_text
from pages.parts.text.verdict import sampling_text, verdict_text

__all__ = [
    "LANGUAGES",
    "MISSING",
    "AxisWords",
    "about_text",
    "axis_words",
    "browser_language",
    "bytes_text",
    "count_text",
    "declared_text",
    "duration_text",
    "error_text",
    "escape_html",
    "escape_markdown",
    "language",
    "mean_sd_text",
    "member_text",
    "milliseconds_text",
    "percent_of",
    "percent_text",
    "points_of",
    "ratio_text",
    "sampling_text",
    "seconds_text",
    "share_text",
    "signed_text",
    "spread_text",
    "t",
    "temperature_text",
    "texts_of",
    "value_text",
    "verdict_text",
]
