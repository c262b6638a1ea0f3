"""Words and numbers on screen, in the reader's language."""

from pages.parts.text import member_text
from pages.parts.text.escape import chart_literal, literal
from pages.parts.text.i18n import LANGUAGES, browser_language, declared, error_text, language, t, words
from pages.parts.text.numbers import (
    bytes_text,
    count_text,
    milliseconds_text,
    plain_spread_text,
    ratio_text,
    seconds_text,
    spread_text,
)
from pages.parts.text.setting_text import AxisWords, axis_words, value_text
from pages.parts.text.verdict import sampling_text, verdict_text

__all__ = [
    "LANGUAGES",
    "AxisWords",
    "axis_words",
    "browser_language",
    "bytes_text",
    "chart_literal",
    "count_text",
    "declared",
    "error_text",
    "language",
    "literal",
    "member_text",
    "milliseconds_text",
    "plain_spread_text",
    "ratio_text",
    "sampling_text",
    "seconds_text",
    "spread_text",
    "t",
    "value_text",
    "verdict_text",
    "words",
]
