"""Whose studies: what people of a class see of each other's."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from kd_core.store import StudyRow
from pages.parts.app import in_class, store, visitor
from pages.parts.text import t

WHOSE = "whose"
"""The key of the choice between one's own studies and everybody's."""


def choose_whose() -> None:
    """Let people of a class choose whether lists show their own studies or everybody's; alone there is no choice."""
    if in_class():
        st.segmented_control(
            t("study.whose"),
            ["mine", "all"],
            default="mine",
            format_func=lambda whose: t(f"study.whose_{whose}"),
            key=WHOSE,
            label_visibility="collapsed",
            required=True,
            persist_state="session",
        )


def listed(limit: int, offset: int = 0, kind: str | None = None) -> Sequence[StudyRow]:
    """Return the studies that lists show, newest first: everybody's, or those of the visitor.

    Args:
        limit: at most so many.
        offset: after so many newer ones.
        kind: of this kind only.
    """
    mine = in_class() and st.session_state.get(WHOSE, "mine") == "mine"
    return store().studies.list(limit=limit, offset=offset, kind=kind, owners=visitor().own if mine else None)


def whose_note(row: StudyRow) -> None:
    """Say whose a study is, where it is not the visitor's alone; on a server for one person there is nothing to say."""
    if not in_class():
        return
    owners, here = store().owners.of(row.id), visitor()
    if not here.owns(owners):
        st.caption(t("study.lecturers" if not owners else "study.others" if not here.oversees else "study.others_open"))
    elif len(owners) > 1:
        st.caption(t("study.shared", n=len(owners) - 1))


def whose_text(owners: Collection[str]) -> str:
    """Return whose a study is, for a list.

    Args:
        owners: the visitors that own it.
    """
    here = visitor()
    if here.id in owners:
        return t("study.mine") if len(owners) == 1 else t("study.mine_and", n=len(owners) - 1)
    return t("study.of_lecturer") if not owners else ", ".join(sorted(owner[:4] for owner in owners)[:3])
