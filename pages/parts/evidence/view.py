"""One claim after the other: what was published, what we measured, in which setting, and the command that gives it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.charts import plotly_chart_with_downloads, table_with_csv
from pages.parts.evidence.chart import chart_rows, drawn, evidence_chart
from pages.parts.evidence.files import Document, rows, said
from pages.parts.evidence.sentences import direction, finding, ours, provenance, published
from pages.parts.text import t

COLOURS = {"reproduced": "green", "direction reproduced": "blue", "not reproduced": "red"}


def summary(told: Sequence[Document]) -> None:
    """Say how many claims came out how, and by which rule."""
    counts = {name: sum(one["outcome"] == name for one in told) for name in ("reproduced", "direction reproduced")}
    counted = {"met": counts["reproduced"], "direction": counts["direction reproduced"], "all": len(told)}
    st.markdown(t("evidence.lead", short=len(told) - sum(counts.values()), **counted))
    with st.expander(t("evidence.rule_title"), key="evidence_rule"):
        st.markdown(t("evidence.rule"))


def entry(one: Document) -> None:
    """Show one claim."""
    with st.container(border=True, key=f"evidence_{one['name'].replace('-', '_')}"):
        st.subheader(finding(one), anchor=one["name"])
        outcome = t(f"evidence.outcome.{one['outcome'].replace(' ', '_')}")
        claim = said(one["claim"]) if one["provenance"] else ""  # else it is the title
        st.markdown(f":{COLOURS.get(one['outcome'], 'gray')}-badge[{outcome}] {claim}")
        drawable = drawn(one)
        if not drawable:
            _words(one)
            return
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _words(one)
        with right:
            _chart(one)


def everything(told: Sequence[Document]) -> None:
    """Offer all figures of all claims as one table and file."""
    names = ("experiment", "outcome", "figure", "unit", "published", "ours", "sd", "low", "high", "n")
    more = ("source", "setting", "command", "date", "machine", "torch")
    shown = rows(told)
    shown["outcome"] = [t(f"evidence.outcome.{outcome.replace(' ', '_')}") for outcome in shown["outcome"]]
    titles = {name: t(f"evidence.column.{name}") for name in (*names, *more)}
    table_with_csv(shown.rename(columns=titles), key="evidence_all", filename="evidence", alt=t("evidence.all_alt"))


def _words(one: Document) -> None:
    st.markdown(f":gray-badge[{t('evidence.literature')}] {one['source']}")
    st.markdown(_table(one) if one["provenance"] else _published(one))
    for judged in one["directions"]:
        if judged["holds"] is not None:
            st.markdown(direction(one, judged))
    if one["not_tried"]:
        st.markdown(t("evidence.why_not_tried", reason=said(one["not_tried"])))
    if one["outcome"] == "not recorded":
        st.markdown(t("evidence.not_recorded"))
    if one["setting"]:
        st.caption(t("evidence.setting", words=said(one["setting"])))
    if one["differs"]:
        st.caption(t("evidence.differs", words=said(one["differs"])))
    if one["provenance"]:
        st.caption(provenance(one))
    if one["command"]:
        st.code(one["command"], language="bash", wrap_lines=True)


def _table(one: Document) -> str:
    """Return published and own figures beside each other, with where each is from."""
    literature, recorded = (t(f"evidence.{word}") for word in ("literature", "recorded_badge"))
    head = f"{t('evidence.published')} :gray-badge[{literature}] | {t('evidence.ours')} :violet-badge[{recorded}]"
    lines = [f"| {t('evidence.figure')} | {head} |", "|---|---|---|"]
    for figure in one["figures"]:
        lines.append(f"| {said(figure['label'])} | {published(figure)} | {ours(figure)} |")
    return "\n".join(lines)


def _published(one: Document) -> str:
    """Return the published figures in a line: there are none of ours to set beside them."""
    known = [figure for figure in one["figures"] if figure["published"] is not None]
    figures = [f"{said(figure['label'])} **{published(figure)}**" for figure in known]
    return t("evidence.published_line", figures=" · ".join(figures) or t("evidence.no_figure"))


def _chart(one: Document) -> None:
    figures = drawn(one)
    shown = chart_rows(figures)
    key = f"evidence_chart_{one['name'].replace('-', '_')}"
    named = {name: t(f"evidence.column.{name}") for name in shown.columns}
    table: pd.DataFrame = shown.rename(columns=named)
    plotly_chart_with_downloads(
        evidence_chart(shown, figures[0]["unit"]),
        key=key,
        rows=table,
        alt=f"{finding(one)}. {t('evidence.chart_alt')}",
        filename=f"evidence-{one['name']}",
    )
