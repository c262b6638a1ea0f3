"""One claim after the other: what was published, what we measured, in which setting, and the command that gives it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.charts import settled_chart_with_downloads, table_with_csv
from pages.parts.evidence.chart import chart_rows, drawn, evidence_chart
from pages.parts.evidence.files import Document, localised, rows
from pages.parts.evidence.sentences import direction, finding, ours, planned, provenance, published, run_here
from pages.parts.text import language, t

MOST_TOLD = 300
COLOURS = {"reproduced": "green", "direction reproduced": "blue", "not reproduced": "red"}


def summary(experiments: Sequence[Document]) -> None:
    """Say how many claims came out how, and by which rule."""
    outcomes = [experiment["outcome"] for experiment in experiments]
    names = ("reproduced", "direction reproduced", "not reproduced", "not affordable", "not recorded")
    counted = {name.replace(" ", "_"): outcomes.count(name) for name in names}
    st.markdown(t("evidence.lead", all=len(experiments), **counted))
    with st.expander(t("evidence.rule_title"), key="evidence_rule"):
        st.markdown(t("evidence.rule"))


def entry(experiment: Document) -> None:
    """Show one claim."""
    written = str(experiment["written"])
    name, spoken = experiment["name"], language()
    with st.container(border=True, key=f"evidence_{name.replace('-', '_')}"):
        if not drawn(experiment):
            _heading_and_words(name, written, spoken, experiment)
            return
        _heading(name, written, spoken, experiment)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _words(name, written, spoken, experiment)
        with right:
            _chart(experiment)


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _heading_and_words(name: str, written: str, language: str, _experiment: Document) -> None:
    """Drawn once a file and language, then sent as it was."""
    _tell_heading(_experiment)
    _tell_words(_experiment)


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _heading(name: str, written: str, language: str, _experiment: Document) -> None:
    """Drawn once a file and language, then sent as it was."""
    _tell_heading(_experiment)


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _words(name: str, written: str, language: str, _experiment: Document) -> None:
    """Drawn once a file and language, then sent as it was."""
    _tell_words(_experiment)


def _tell_heading(experiment: Document) -> None:
    st.subheader(finding(experiment), anchor=experiment["name"])


def _tell_words(experiment: Document) -> None:
    """Tell all of a claim in few elements: whatever is drawn by itself costs the server time."""
    st.markdown("\n\n".join(_paragraphs(experiment)))
    small = [
        t(f"evidence.{part}", words=localised(experiment[part])) for part in ("setting", "differs") if experiment[part]
    ]
    if experiment["provenance"]:
        small.append(provenance(experiment))
    if experiment["command"]:
        small.append(run_here(experiment))
    if small:
        st.caption("\n\n".join(small))
    if experiment["command"]:
        st.code(experiment["command"], language="bash", wrap_lines=True)


def _paragraphs(experiment: Document) -> list[str]:
    """Return outcome and claim, what was published and what we found, and what speaks for and against it."""
    outcome = t(f"evidence.outcome.{experiment['outcome'].replace(' ', '_')}")
    claim = localised(experiment["claim"]) if experiment["provenance"] else ""  # else it is the title
    paragraphs = [
        f":{COLOURS.get(experiment['outcome'], 'gray')}-badge[{outcome}] {claim}",
        f":gray-badge[{t('evidence.literature')}] {experiment['source']}",
        _table(experiment) if experiment["provenance"] else _published(experiment),
    ]
    paragraphs += [direction(experiment, judged) for judged in experiment["directions"] if judged["holds"] is not None]
    for part in ("not_affordable", "tried"):
        if experiment[part]:
            paragraphs.append(t(f"evidence.why.{part}", words=localised(experiment[part])))
    if experiment["outcome"] == "not recorded":
        paragraphs.append(planned(experiment))
    return paragraphs


def everything(experiments: Sequence[Document]) -> None:
    """Offer all figures of all claims as one table and file."""
    written = " ".join(str(experiment["written"]) for experiment in experiments)
    shown = _all_rows(written, language(), experiments)
    table_with_csv(shown, key="evidence_all", filename="evidence", alt=t("evidence.all_alt"))


@st.cache_resource(max_entries=4, show_spinner=False)
def _all_rows(written: str, language: str, _experiments: Sequence[Document]) -> pd.DataFrame:
    """One table for everybody, which nobody changes."""
    names = ("experiment", "outcome", "figure", "unit", "published", "ours", "sd", "low", "high", "n")
    more = ("epochs", "hours", "source", "setting", "command", "date", "machine", "torch")
    shown = rows(_experiments)
    shown["outcome"] = [t(f"evidence.outcome.{outcome.replace(' ', '_')}") for outcome in shown["outcome"]]
    return shown.rename(columns={name: t(f"evidence.column.{name}") for name in (*names, *more)})


def _table(experiment: Document) -> str:
    """Return published and own figures beside each other, with where each is from."""
    literature, recorded = (t(f"evidence.{word}") for word in ("literature", "recorded_badge"))
    head = f"{t('evidence.published')} :gray-badge[{literature}] | {t('evidence.ours')} :violet-badge[{recorded}]"
    lines = [f"| {t('evidence.figure')} | {head} |", "|---|---|---|"]
    for figure in experiment["figures"]:
        lines.append(f"| {localised(figure['label'])} | {published(figure)} | {ours(figure)} |")
    return "\n".join(lines)


def _published(experiment: Document) -> str:
    """Return the published figures in a line: there are none of ours to set beside them."""
    printed = [figure for figure in experiment["figures"] if figure["published"] is not None]
    figures = [f"{localised(figure['label'])} **{published(figure)}**" for figure in printed]
    return t("evidence.published_line", figures=" · ".join(figures) or t("evidence.no_figure"))


def _chart(experiment: Document) -> None:
    figures = drawn(experiment)

    def table() -> pd.DataFrame:
        shown = chart_rows(figures)
        return shown.rename(columns={name: t(f"evidence.column.{name}") for name in shown.columns})

    settled_chart_with_downloads(
        lambda: evidence_chart(chart_rows(figures), figures[0]["unit"]),
        key=f"evidence_chart_{experiment['name'].replace('-', '_')}",
        rows=table,
        alt=f"{finding(experiment)}. {t('evidence.chart_alt')}",
        filename=f"evidence-{experiment['name']}",
        settled=f"{experiment['name']} {experiment['written']}",
    )
