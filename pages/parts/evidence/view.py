"""One claim after the other: what was published, what we measured, in which setting, and the command that gives it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.charts import plotly_chart_with_downloads, table_with_csv
from pages.parts.evidence.chart import chart_rows, drawn, evidence_chart
from pages.parts.evidence.files import Document, localised, rows
from pages.parts.evidence.sentences import direction, finding, ours, provenance, published
from pages.parts.text import t

COLOURS = {"reproduced": "green", "direction reproduced": "blue", "not reproduced": "red"}


def summary(experiments: Sequence[Document]) -> None:
    """Say how many claims came out how, and by which rule."""
    outcomes = [experiment["outcome"] for experiment in experiments]
    counts = {name: outcomes.count(name) for name in ("reproduced", "direction reproduced")}
    counted = {"met": counts["reproduced"], "direction": counts["direction reproduced"], "all": len(experiments)}
    st.markdown(t("evidence.lead", short=len(experiments) - sum(counts.values()), **counted))
    with st.expander(t("evidence.rule_title"), key="evidence_rule"):
        st.markdown(t("evidence.rule"))


def entry(experiment: Document) -> None:
    """Show one claim."""
    with st.container(border=True, key=f"evidence_{experiment['name'].replace('-', '_')}"):
        st.subheader(finding(experiment), anchor=experiment["name"])
        outcome = t(f"evidence.outcome.{experiment['outcome'].replace(' ', '_')}")
        claim = localised(experiment["claim"]) if experiment["provenance"] else ""  # else it is the title
        st.markdown(f":{COLOURS.get(experiment['outcome'], 'gray')}-badge[{outcome}] {claim}")
        drawable = drawn(experiment)
        if not drawable:
            _words(experiment)
            return
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _words(experiment)
        with right:
            _chart(experiment)


def everything(experiments: Sequence[Document]) -> None:
    """Offer all figures of all claims as one table and file."""
    names = ("experiment", "outcome", "figure", "unit", "published", "ours", "sd", "low", "high", "n")
    more = ("source", "setting", "command", "date", "machine", "torch")
    shown = rows(experiments)
    shown["outcome"] = [t(f"evidence.outcome.{outcome.replace(' ', '_')}") for outcome in shown["outcome"]]
    titles = {name: t(f"evidence.column.{name}") for name in (*names, *more)}
    table_with_csv(shown.rename(columns=titles), key="evidence_all", filename="evidence", alt=t("evidence.all_alt"))


def _words(experiment: Document) -> None:
    st.markdown(f":gray-badge[{t('evidence.literature')}] {experiment['source']}")
    st.markdown(_table(experiment) if experiment["provenance"] else _published(experiment))
    for judged in experiment["directions"]:
        if judged["holds"] is not None:
            st.markdown(direction(experiment, judged))
    if experiment["not_tried"]:
        st.markdown(t("evidence.why_not_tried", reason=localised(experiment["not_tried"])))
    if experiment["outcome"] == "not recorded":
        st.markdown(t("evidence.not_recorded"))
    if experiment["setting"]:
        st.caption(t("evidence.setting", words=localised(experiment["setting"])))
    if experiment["differs"]:
        st.caption(t("evidence.differs", words=localised(experiment["differs"])))
    if experiment["provenance"]:
        st.caption(provenance(experiment))
    if experiment["command"]:
        st.code(experiment["command"], language="bash", wrap_lines=True)


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
    shown = chart_rows(figures)
    key = f"evidence_chart_{experiment['name'].replace('-', '_')}"
    named = {name: t(f"evidence.column.{name}") for name in shown.columns}
    table: pd.DataFrame = shown.rename(columns=named)
    plotly_chart_with_downloads(
        evidence_chart(shown, figures[0]["unit"]),
        key=key,
        rows=table,
        alt=f"{finding(experiment)}. {t('evidence.chart_alt')}",
        filename=f"evidence-{experiment['name']}",
    )
