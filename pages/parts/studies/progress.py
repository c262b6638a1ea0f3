"""How far a study is: a bar, and a sentence."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from kd_core import jobs
from kd_core.store import MemberProgress, MemberRow, RunRow, StudyRow
from kd_core.vocabulary import RESUMABLE
from pages.parts.app import data_root, show_refused, store, try_or_tell
from pages.parts.text import error_text, escape_markdown, seconds_text, t


def race_progress(members: Sequence[MemberRow], runs: Mapping[int, RunRow]) -> float:
    """Return how much of a race's steps is done, 0..1, every network counting alike."""
    parts = [_share_of_run(runs[member.position]) if member.position in runs else 0.0 for member in members]
    return sum(parts) / max(1, len(parts))


def _share_of_run(run: RunRow) -> float:
    if run.status == "done":
        return 1.0
    return min(1.0, run.step / run.steps) if run.steps else 0.0


def race_progress_text(row: StudyRow, members: Sequence[MemberRow], runs: Mapping[int, RunRow]) -> str:
    """Return how far a race is in words: its place in the queue, or networks done and time left."""
    if row.status == "queued":
        return t("race.queued", n=store().studies.ahead_of(row))
    if row.activity:
        return f"{activity_text(row.activity['what'])} ({100 * row.activity['done']:.0f} %)"
    done = sum(run.status == "done" for run in runs.values())
    text = t("race.progress", done=done, all=len(members))
    began = row.started or time.time()
    earlier = {position for position, run in runs.items() if run.finished is not None and run.finished < began}
    share = race_progress([member for member in members if member.position not in earlier], runs)
    spent = time.time() - began
    if share > 0.05 and spent > 1:
        text += " · " + t("race.left", time=seconds_text(spent / share * (1 - share)))
    return text


def activity_text(what: str) -> str:
    """Return what a job does beside training, in the reader's language: "downloading MNIST"."""
    doing, _, name = what.partition(" ")
    return t(f"activity.{doing}", name=name)


def show_progress(row: StudyRow, places: Sequence[MemberProgress]) -> None:
    """Show a bar while the sweep lives; afterwards how it ended, with its error and a way to go on."""
    if row.alive:
        networks = _networks(places)
        st.progress(_share(networks), text=escape_markdown(_text(row, networks)))
        return
    if row.error:
        st.error(escape_markdown(error_text(row.error)))
    show_refused()
    if row.status in RESUMABLE:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(t("race.resume"), key="sweep_resume"):
                try_or_tell(lambda: jobs.resume(store(), row.id, data_root()))
                st.rerun()
            networks = _networks(places)
            done = sum(place.status == "done" for place in networks)
            st.caption(t("sweep.ended", status=t(f"status.{row.status}"), done=done, all=len(networks)))


def _networks(places: Sequence[MemberProgress]) -> list[MemberProgress]:
    """Return every network once: members of several cells share one."""
    found: dict[str, MemberProgress] = {}
    for place in places:
        if place.fingerprint not in found or place.run:
            found[place.fingerprint] = place
    return list(found.values())


def _share(networks: Sequence[MemberProgress]) -> float:
    """Return how much of the work is done, 0..1, an epoch of a student counting like one of a teacher."""
    known = max((place.epochs or 0 for place in networks), default=0) or 1
    parts = [1.0 if _ended(place) else (place.epoch or 0) / (place.epochs or known) for place in networks]
    return min(1.0, sum(parts) / max(1, len(parts)))


def _ended(place: MemberProgress) -> bool:
    return place.status in ("done", "diverged", "failed")


def _text(row: StudyRow, networks: Sequence[MemberProgress]) -> str:
    if row.status == "queued":
        return t("race.queued", n=store().studies.ahead_of(row))
    if row.activity:
        return f"{activity_text(row.activity['what'])} ({100 * row.activity['done']:.0f} %)"
    running = [place for place in networks if place.status == "running"]
    done = sum(_ended(place) for place in networks)
    facts = []
    # The students' epochs; while there are none, the teachers'.
    students = [place for place in running if place.arm == "distilled"] or running
    if students:
        epochs = max(place.epochs or 0 for place in students)
        facts.append(t("sweep.epoch_of", epoch=max(place.epoch or 0 for place in students), epochs=epochs))
    facts.append(t("sweep.counts", running=len(running), done=done, all=len(networks)))
    spent, share = time.time() - (row.started or time.time()), _share(networks)
    if share > 0.02 and spent > 1:
        facts.append(t("race.left", time=seconds_text(spent / share * (1 - share))))
    return " · ".join(facts)
