"""What a protocol's panel is drawn from, and the curves over seeds that several of them share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import streamlit as st

from kd_core.notes import Note
from kd_core.results import CellValues, RaceData
from kd_core.store import EpochRow, MemberRow, NoteRow, RunRow
from pages.parts.app import store
from pages.parts.charts import CURVE_WORDS, CurveSeries, Role, live_curve, mean_with_band, zoomed_range
from pages.parts.text import share_text, t, texts_of

T = TypeVar("T")
N = TypeVar("N", bound=Note)
MOST_GROWING = 4
"""Lines; with more of them the one that still grows is not drawn beside each mean."""


@dataclass(frozen=True)
class Panel:
    """A race as a protocol's panel needs it.

    Args:
        study: its id.
        cell: of a sweep, whose trio is meant.
        recipe: the distilled student's, as JSON.
        members: that are compared.
        runs: by position, as far as they have begun.
        rows: the epochs of those runs.
        alive: whether the study still trains.
    """

    study: str
    cell: CellValues | None
    recipe: Mapping[str, Any]
    members: Sequence[MemberRow]
    runs: Mapping[int, RunRow]
    rows: Sequence[EpochRow]
    alive: bool

    @classmethod
    def of(cls, race: RaceData) -> Panel:
        """Return the panel of a race whose rows have been read."""
        row = race.row
        return cls(row.id, race.cell, race.recipe, race.members, race.runs, race.epochs, row.alive)

    @property
    def protocol(self) -> Mapping[str, Any]:
        """Return the protocol's settings."""
        settings: Mapping[str, Any] = self.recipe["protocol"]
        return settings

    @property
    def epochs(self) -> int:
        """Return over how many epochs the student learns."""
        return int(self.recipe["optim"]["epochs"])

    @cached_property
    def accuracies(self) -> Mapping[str, Sequence[float]]:
        """Return test accuracy by epoch, by run."""
        curves: dict[str, list[float]] = defaultdict(list)
        for row in self.rows:
            curves[row.run].append(row.scores["test"]["accuracy"] or 0.0)
        return curves

    def by_seed(self, arm: str) -> dict[int, list[RunRow]]:
        """Return an arm's runs in order of training, by seed."""
        runs: dict[int, list[RunRow]] = defaultdict(list)
        for member in self.members:
            if member.arm == arm and member.position in self.runs:
                runs[member.seed].append(self.runs[member.position])
        return dict(runs)

    def runs_of(self, arm: str) -> list[RunRow]:
        """Return an arm's runs; one that several seeds share counts once."""
        return list({run.id: run for runs in self.by_seed(arm).values() for run in runs}.values())

    def reported(self, arm: str) -> list[RunRow]:
        """Return those of an arm's runs that count in a finding: the finished ones, else those that still grow."""
        begun = [run for run in self.runs_of(arm) if run.id in self.accuracies]
        return [run for run in begun if run.status == "done"] or begun

    def accuracy(self, run: RunRow) -> float | None:
        """Return a run's test accuracy at the epoch that is reported, or at its newest."""
        return at_end(run, self.accuracies.get(run.id, []))

    def labels_of(self, arm: str) -> str:
        """Return how many labels an arm was given, in words."""
        counted = {(run.cost or {}).get("labels") for run in self.runs_of(arm)}
        known = next((count for count in counted if count is not None), None)
        return t("race.all_labels") if known is None else f"{known:,}"

    def accuracies_of(self, arm: str) -> list[float]:
        """Return the test accuracies of the runs of an arm that count in a finding."""
        return [value for run in self.reported(arm) if (value := self.accuracy(run)) is not None]

    def notes(self, subject: str | None = None, arm: str = "distilled") -> dict[str, list[NoteRow]]:
        """Return what the protocol told of an arm's runs, in order of epochs, by run."""
        notes: dict[str, list[NoteRow]] = defaultdict(list)
        for note in store().runs.notes([run.id for run in self.runs_of(arm)], subject):
            notes[note.run].append(note)
        return dict(notes)

    def notes_of(self, kind: type[N], arm: str = "distilled") -> dict[str, list[N]]:
        """Return what the protocol told of an arm's runs about one subject, in order of epochs, by run."""
        return typed(kind, self.notes(kind.subject, arm))


def typed(kind: type[N], rows: Mapping[str, Sequence[NoteRow]]) -> dict[str, list[N]]:
    """Return the rows of notes about one subject as what they say, by run."""
    return {run: [kind.from_facts(row.facts) for row in of_run] for run, of_run in rows.items()}


Curves = Mapping[str, Sequence[float]]
"""A number after each epoch, by run."""


def at_end(run: RunRow, values: Sequence[float]) -> float | None:
    """Return a run's value at the epoch that is reported, or the newest; None where there is no value yet."""
    return newest(run, values) if values else None


def newest(run: RunRow, by_epoch: Sequence[T]) -> T:
    """Return of what there is after each epoch that of the reported one, or the last, where there is none yet."""
    return by_epoch[-1] if run.reported_epoch is None else by_epoch[min(run.reported_epoch, len(by_epoch) - 1)]


def ends(runs: Sequence[RunRow], curves: Curves) -> list[float]:
    """Return the values of some runs at their reported epochs, as far as there are any."""
    return [value for run in runs if (value := at_end(run, curves.get(run.id, []))) is not None]


def mean_curve(
    panel: Panel, arm: str, curves: Curves, role: Role, name: str, *, faint: int = 0, growing: bool = True
) -> list[CurveSeries]:
    """Return the mean over an arm's finished runs with a band of one sd, and the newest that still grows.

    Args:
        panel: whose runs.
        arm: whose runs.
        curves: what is drawn.
        role: how it is drawn.
        name: of the line.
        faint: how pale, where several lines have one role.
        growing: whether a run that still grows has a line beside the mean of the finished ones.
    """
    begun = [run for run in panel.runs_of(arm) if curves.get(run.id)]
    done = [curves[run.id] for run in begun if run.status == "done"]
    still = [curves[run.id] for run in begun if run.status != "done"]
    return mean_with_band(done, still, role, name, faint=faint, newest=growing)


def less(curves: Curves, others: Curves) -> dict[str, list[float]]:
    """Return the difference of two curves of the same runs, as far as both go."""
    return {run: [a - b for a, b in zip(curves[run], others[run], strict=False)] for run in curves if run in others}


def network_text(network: Mapping[str, Any]) -> str:
    """Return a short name of a network from its JSON, e.g. "MLP 300-300": no engine is needed to read it."""
    sizes = next((value for value in network.values() if isinstance(value, list)), [])
    family = {"mlp": "MLP", "convnet": "Conv"}.get(network["name"], str(network["name"]))
    return " ".join([family, "-".join(map(str, sizes))]).strip()


def finding(panel: Panel, sentence: str) -> str:
    """Return a finding as it may be said now: while the study trains it is provisional."""
    return f"{t('race.so_far')} {sentence}" if panel.alive else sentence


def seeds_text(count: int) -> str:
    """Return over how many seeds numbers are, and what the spread is."""
    return t("protocol_view.one_seed") if count < 2 else t("protocol_view.over_seeds", n=count)


def heading(title: str, setting: str) -> None:
    """Write a finding with its setting above a chart that has none of its own."""
    st.markdown(f"**{title}**")
    st.caption(setting)


def accuracy_curve(
    panel: Panel,
    key: str,
    lines: Sequence[CurveSeries],
    title: str,
    setting: str,
    *,
    whole: bool = False,
    marker_x: float | None = None,
) -> None:
    """Draw accuracies by epoch on an axis from 0 to 1 while they grow, close around them afterwards.

    Args:
        panel: whose epochs.
        key: of the chart.
        lines: fractions.
        title: the finding.
        setting: the subtitle.
        whole: from 0 to 1 in any case, where what happens early is part of the finding.
        marker_x: a vertical line.
    """
    low, high = zoomed_range(lines, panel.alive or whole)
    high = max([high, *(value for line in lines for value in line.y)])  # a curve may have been higher than it ends
    zoomed = [t("protocol_view.zoomed", low=share_text(low))] if low else []
    panel_curve(
        panel,
        key,
        lines,
        finding(panel, title),
        " · ".join([setting, *zoomed]),
        t("race.accuracy_axis"),
        y_range=(low, high),
        percent=True,
        marker_x=marker_x,
    )


def panel_curve(
    panel: Panel,
    key: str,
    lines: Sequence[CurveSeries],
    title: str,
    setting: str,
    y_title: str,
    *,
    y_range: tuple[float, float] | None = None,
    percent: bool = False,
    marker_x: float | None = None,
    height: int = 280,
) -> None:
    """Draw lines over the student's epochs."""
    live_curve(
        key=f"protocol_{key}",
        series=lines,
        words=texts_of("curve", CURVE_WORDS),
        x_title=t("race.epoch"),
        y_title=y_title,
        x_range=(0.0, float(panel.epochs)),
        y_range=y_range,
        title=title,
        subtitle=setting,
        percent=percent,
        marker_x=marker_x,
        height=height,
    )
