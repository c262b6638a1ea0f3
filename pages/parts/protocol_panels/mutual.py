"""Mutual learning's panel: how each peer fares, and how far the student is from them."""

from __future__ import annotations

from collections import defaultdict

import streamlit as st

from kd_core.notes import PeerEpoch
from kd_core.results import Verdict
from pages.parts.charts import CurveSeries
from pages.parts.protocol_panels.base import (
    MOST_GROWING,
    Curves,
    Panel,
    accuracy_curve,
    ends,
    finding,
    less,
    mean_curve,
    panel_curve,
    seeds_text,
)
from pages.parts.text import percent_of, points_of, t, verdict_text


def headline(panel: Panel, judged: Verdict) -> str:
    """Return whether learning with peers helped: there is no teacher."""
    peers = panel.protocol["networks"] - 1
    return verdict_text(judged, t("protocol_verdict.who_mutual", n=peers))


def panel(panel: Panel) -> None:
    """Show the accuracy of everybody who learns, and the student's distance from the mean of its peers."""
    peers, names = _peers(panel)
    if not peers:
        st.caption(t("protocol_view.nothing_yet"))
        return
    own = {run: values for run, values in panel.accuracies.items() if run in peers[min(peers)]}
    of_peers = {run: [sum(all_) / len(all_) for all_ in zip(*_of_run(peers, run), strict=False)] for run in own}
    runs, apart = panel.reported("distilled"), less(own, of_peers)
    student, others, distances = ends(runs, own), ends(runs, of_peers), ends(runs, apart)
    facts = {"student": percent_of(student), "peers": percent_of(others), "points": points_of(distances)}
    setting = t("protocol_view.mutual_setting", n=len(peers) + 1, seeds=seeds_text(len(distances)))
    left, right = st.columns([3, 2])
    with left:
        title = t("protocol_view.mutual_finding", **facts)
        accuracy_curve(panel, "mutual", _lines(panel, own, peers, names), title, setting)
    with right:
        gap = {run: [100 * value for value in values] for run, values in apart.items()}
        panel_curve(
            panel,
            "mutual_gap",
            mean_curve(panel, "distilled", gap, "distilled", t("protocol_view.mutual_gap")),
            finding(panel, t("protocol_view.mutual_gap_finding", **facts)),
            t("protocol_view.mutual_gap_setting", seeds=seeds_text(len(distances))),
            t("protocol_view.points_axis"),
        )


def _peers(panel: Panel) -> tuple[dict[int, dict[str, list[float]]], dict[int, str]]:
    """Return the accuracies of each peer by run, and what each peer is, both by number."""
    accuracies: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    names = {}
    for run, notes in panel.notes().items():
        for note in notes:
            if not note.subject.startswith(PeerEpoch.subject):
                continue
            number, peer = int(note.subject.removeprefix(PeerEpoch.subject)), PeerEpoch.from_facts(note.facts)
            accuracies[number][run].append(peer.accuracy)
            names[number] = t("protocol_view.peer", number=number, network=peer.label)
    return {number: accuracies[number] for number in sorted(accuracies)}, names


def _of_run(peers: dict[int, dict[str, list[float]]], run: str) -> list[list[float]]:
    return [curves[run] for curves in peers.values() if run in curves]


def _lines(
    panel: Panel, own: Curves, peers: dict[int, dict[str, list[float]]], names: dict[int, str]
) -> list[CurveSeries]:
    """Return the student highlighted, its peers alike where they are many, and the student alone."""
    few = len(peers) + 2 <= MOST_GROWING
    lines = mean_curve(panel, "distilled", own, "distilled", t("protocol_view.mutual_own"), growing=few)
    for place, (number, curves) in enumerate(peers.items()):
        faint = place if few else 1
        lines += mean_curve(panel, "distilled", curves, "variant", names[number], faint=faint, growing=few)
    return lines + mean_curve(panel, "alone", panel.accuracies, "alone", t("roles.alone"), growing=few)
