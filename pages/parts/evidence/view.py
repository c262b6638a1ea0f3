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
    with st.container(border=True, key=f"evidence_{experiment['name'].replace('-', '_')}"):
        _heading(experiment["name"], written, language(), experiment)
        if not drawn(experiment):
            _words(experiment["name"], written, language(), experiment)
            return
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _words(experiment["name"], written, language(), experiment)
        with right:
            _chart(experiment)


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _heading(name: str, written: str, language: str, _experiment: Document) -> None:
    """Drawn once a file and language, then sent as it was."""
    st.subheader(finding(_experiment), anchor=name)
    outcome = t(f"evidence.outcome.{_experiment['outcome'].replace(' ', '_')}")
    claim = localised(_experiment["claim"]) if _experiment["provenance"] else ""  # else it is the title
    st.markdown(f":{COLOURS.get(_experiment['outcome'], 'gray')}-badge[{outcome}] {claim}")


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


@st.cache_data(max_entries=MOST_TOLD, show_spinner=False)
def _words(name: str, written: str, language: str, _experiment: Document) -> None:
    """Drawn once a file and language, then sent as it was."""
    st.markdown(f":gray-badge[{t('evidence.literature')}] {_experiment['source']}")
    st.markdown(_table(_experiment) if _experiment["provenance"] else _published(_experiment))
    for judged in _experiment["directions"]:
        if judged["holds"] is not None:
            st.markdown(direction(_experiment, judged))
    for part in ("not_affordable", "tried"):
        if _experiment[part]:
            st.markdown(t(f"evidence.why.{part}", words=localised(_experiment[part])))
    if _experiment["outcome"] == "not recorded":
        st.markdown(planned(_experiment))
    if _experiment["setting"]:
        st.caption(t("evidence.setting", words=localised(_experiment["setting"])))
    if _experiment["differs"]:
        st.caption(t("evidence.differs", words=localised(_experiment["differs"])))
    if _experiment["provenance"]:
        st.caption(provenance(_experiment))
    if _experiment["command"]:
        st.markdown(run_here(_experiment))
        st.code(_experiment["command"], language="bash", wrap_lines=True)


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
