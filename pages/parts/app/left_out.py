"""Left out: which files of one's own images nobody looks at and why, told beside what was trained on the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from kd_core.store import MemberProgress, RunRow
from pages.parts.app.engine import store
from pages.parts.text import escape_markdown, t

MOST_NAMED = 5


Summary = Mapping[str, tuple[int, Sequence[str]]]
"""By why, how many were left out and the first names."""


def left_out_summary(facts: Mapping[str, Any]) -> dict[str, tuple[int, list[str]]]:
    """Return what a page needs to remember of all that was left out of a dataset.

    Args:
        facts: ``skipped``, names of files that could not be read, and ``left_out``, other names by why.
    """
    by_why = {"skipped": facts.get("skipped") or []}
    by_why |= {f"left_out_{why}": names for why, names in (facts.get("left_out") or {}).items()}
    return {why: (len(names), [*names[:MOST_NAMED]]) for why, names in by_why.items() if names}


def left_out_sentences(summary: Summary) -> list[str]:
    """Return a sentence for every reason, with the first names, for Markdown."""
    return [
        escape_markdown(t(f"upload.{why}", n=count, names=_names(count, first)))
        for why, (count, first) in summary.items()
    ]


def tell_left_out(trained: Iterable[MemberProgress | RunRow]) -> None:
    """Say beside results what of their images was left out."""
    sources = sorted({run.source for run in trained if run.source})
    facts = [found for source in sources if (found := store().files.source_facts(source))]
    for sentence in dict.fromkeys(
        sentence for found in facts for sentence in left_out_sentences(left_out_summary(found))
    ):
        st.caption(sentence)


def _names(count: int, first: Sequence[str]) -> str:
    listed = t("method_race.comma").join(first)
    return t("upload.and_more", names=listed, n=count - len(first)) if count > len(first) else listed
