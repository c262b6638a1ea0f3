"""Left out: which files of one's own images nobody looks at and why, told beside what was trained on the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from kd_core.store import MemberProgress, RunRow
from pages.parts.app.engine import store
from pages.parts.text import escape_markdown, t

MOST_NAMED = 5


def left_out_sentences(facts: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every reason, with the first names, for Markdown.

    Args:
        facts: about a dataset: ``skipped``, names of files that could not be read, and ``left_out``, others by why.
    """
    by_why: dict[str, Sequence[str]] = {"skipped": facts.get("skipped") or []}
    by_why |= {f"left_out_{why}": names for why, names in (facts.get("left_out") or {}).items()}
    told = (t(f"upload.{why}", n=len(names), names=_first_names(names)) for why, names in by_why.items() if names)
    return [escape_markdown(sentence) for sentence in told]


def tell_left_out(trained: Iterable[MemberProgress | RunRow]) -> None:
    """Say beside results what of their images was left out."""
    sources = sorted({run.source for run in trained if run.source})
    facts = [found for source in sources if (found := store().files.source_facts(source))]
    for sentence in dict.fromkeys(sentence for found in facts for sentence in left_out_sentences(found)):
        st.caption(sentence)


def _first_names(names: Sequence[str]) -> str:
    first = t("method_race.comma").join(names[:MOST_NAMED])
    return t("upload.and_more", names=first, n=len(names) - MOST_NAMED) if len(names) > MOST_NAMED else first
