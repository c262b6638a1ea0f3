"""How far a study is: a bar, and a sentence."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import streamlit as st

from kd_core import jobs
from kd_core.store import MemberProgress, RunRow, StudyRow
from kd_core.vocabulary import RESUMABLE
from pages.parts.app import store
from pages.parts.studies.start import resume_button
from pages.parts.studies.whose import whose_note
from pages.parts.text import duration_text, error_text, escape_markdown, seconds_text, t
from pages.parts.watch import pulses


def before_training(row: StudyRow) -> str:
    """Return what stands in for progress while a study does not train: its place in the queue, or other work."""
    if row.status == "queued":
        return waiting_text(row)
    if row.wish == "pause":
        return t("fork.pausing")
    if row.activity:
        return f"{activity_text(row.activity['what'])} ({100 * row.activity['done']:.0f} %)"
    return ""


def waiting_text(row: StudyRow) -> str:
    """Return a waiting study's place in the queue, and in about how long it begins."""
    place = pulses.queue_places().get(row.id)
    if not jobs.is_served(store().home):
        return t("race.queued_unserved")
    if place is None:
        return t("race.queued_next")
    if place.seconds is None:
        return t("race.queued", n=place.ahead)
    return t("race.queued_time", n=place.ahead, time=duration_text(place.seconds))


def standing_text(runs: Iterable[MemberProgress | RunRow]) -> str:
    """Return where a paused study stands: the epoch that all networks that are to go on have behind them."""
    begun = [(run.epoch or 0, run.epochs or 0) for run in runs if run.status == "paused" and run.epoch]
    if not begun:
        return t("fork.paused_before")
    epoch, epochs = min(begun)
    return t("fork.paused_after", epoch=epoch, epochs=epochs)


def mean_share(shares: Sequence[float]) -> float:
    """Return how much of the work is done, 0..1, from every network's own share."""
    return min(1.0, sum(shares) / max(1, len(shares)))


def time_left(row: StudyRow, share: float, least: float) -> str:
    """Return about how long a study still takes, or nothing before that can be told.

    Args:
        row: the study.
        share: how much was done since it began.
        least: from which share on its pace is known.
    """
    spent = time.time() - (row.started or time.time())
    return t("race.left", time=seconds_text(spent / share * (1 - share))) if share > least and spent > 1 else ""


def activity_text(what: str) -> str:
    """Return what a job does beside training, in the reader's language: "downloading MNIST"."""
    doing, _, name = what.partition(" ")
    return t(f"activity.{doing}", name=name)


def show_progress(row: StudyRow, members: Sequence[MemberProgress]) -> None:
    """Show a bar while a sweep or method race lives; afterwards how it ended, with its error and a way to go on."""
    networks = _networks(members)
    whose_note(row)
    if row.alive:
        st.progress(_share(networks), text=escape_markdown(_text(row, networks)))
        return
    if row.error:
        st.error(escape_markdown(error_text(row.error)))
    if row.status in RESUMABLE:
        with st.container(horizontal=True, vertical_alignment="center"):
            resume_button(row, key="sweep_resume")
            done = sum(network.status == "done" for network in networks)
            st.caption(t("sweep.ended", status=t(f"status.{row.status}"), done=done, all=len(networks)))
        if row.status == "paused":
            st.caption(standing_text(networks))


def _networks(members: Sequence[MemberProgress]) -> list[MemberProgress]:
    """Return every network once: members of several cells share one."""
    by_recipe: dict[str, MemberProgress] = {}
    for member in members:
        if member.fingerprint not in by_recipe or member.run:
            by_recipe[member.fingerprint] = member
    return list(by_recipe.values())


def _share(networks: Sequence[MemberProgress]) -> float:
    """Return how much of the work is done, an epoch of a student counting like one of a teacher."""
    longest = max((network.epochs or 0 for network in networks), default=0) or 1
    return mean_share(
        [1.0 if _ended(each) else (each.epoch or 0) / (each.epochs or longest) for each in networks],
    )


def _ended(network: MemberProgress) -> bool:
    return network.status in ("done", "diverged", "failed")


def _text(row: StudyRow, networks: Sequence[MemberProgress]) -> str:
    if waiting := before_training(row):
        return waiting
    running = [network for network in networks if network.status == "running"]
    facts = []
    # The students' epochs; while there are none, the teachers'.
    students = [network for network in running if network.arm == "distilled"] or running
    if students:
        epochs = max(network.epochs or 0 for network in students)
        facts.append(t("sweep.epoch_of", epoch=max(network.epoch or 0 for network in students), epochs=epochs))
    facts.append(t("sweep.counts", running=len(running), done=sum(map(_ended, networks)), all=len(networks)))
    left = time_left(row, _share(networks), least=0.02)
    return " · ".join([*facts, left] if left else facts)
