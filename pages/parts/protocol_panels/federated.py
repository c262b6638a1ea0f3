"""The panel of federated distillation: rounds, clients before and after, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from kd_core.notes import FederatedRound
from kd_core.results import Verdict, verdict
from kd_core.store import RunRow
from pages.parts.app import store
from pages.parts.charts import table_with_csv
from pages.parts.protocol_panels.base import (
    Curves,
    Panel,
    accuracy_curve,
    ends,
    heading,
    less,
    mean_curve,
    newest,
    seeds_text,
    typed,
)
from pages.parts.text import MISSING, bytes_text, difference_text, percent_of, points_of, ratio_text, t, verdict_text


def headline(panel: Panel, judged: Verdict) -> str:
    """Return what sharing did for the clients, and apart from it where the server's student stands."""
    rounds, runs = panel.notes_of(FederatedRound), panel.reported("distilled")
    clients, twins = (ends(runs, _curves(rounds, who)) for who in ("clients", "twins"))
    server, alone = (percent_of(panel.accuracies_of(arm)) for arm in ("distilled", "alone"))
    apart = t("protocol_verdict.federated_server", server=server, alone=alone, difference=difference_text(judged))
    if not clients:
        return apart
    shared = verdict_text(verdict(clients, twins), t("protocol_verdict.who_federated"))
    before = t("protocol_verdict.federated_clients", clients=percent_of(clients), twins=percent_of(twins))
    return f"{before} {shared} {apart}"


def panel(panel: Panel) -> None:
    """Show the server, the clients and what they would have been by themselves; then each client; then the bytes."""
    notes = panel.notes(FederatedRound.subject)
    rounds = typed(FederatedRound, notes)
    if not rounds:
        st.caption(t("protocol_view.nothing_yet"))
        return
    _rounds(panel, rounds)
    runs = panel.reported("distilled")
    run = next((run for run in runs if run.id in rounds), None)
    if run is not None:
        last, epoch = newest(run, rounds[run.id]), newest(run, notes[run.id]).epoch
        _clients(last, run, epoch + 1)
        _bytes(last, panel.epochs - panel.protocol["head_start"])


def _rounds(panel: Panel, rounds: Mapping[str, list[FederatedRound]]) -> None:
    server = _curves(rounds, "server")
    clients, twins = _curves(rounds, "clients"), _curves(rounds, "twins")
    lines = mean_curve(panel, "distilled", server, "distilled", t("protocol_view.server"))
    lines += mean_curve(panel, "distilled", clients, "variant", t("protocol_view.clients"))
    lines += mean_curve(panel, "distilled", twins, "alone", t("protocol_view.twins"))
    runs = panel.reported("distilled")
    gains = ends(runs, less(clients, twins))
    facts = {
        "clients": percent_of(ends(runs, clients)),
        "twins": percent_of(ends(runs, twins)),
        "points": points_of(gains),
    }
    better = "more" if np.mean(gains) > 0 else "less"
    settings = {name: panel.protocol[name] for name in ("clients", "alpha", "head_start")}
    public = f"{next(iter(rounds.values()))[0].public_images:,}"
    setting = t("protocol_view.federated_setting", **settings, public=public, seeds=seeds_text(len(gains)))
    title = t(f"protocol_view.federated_{better}", server=percent_of(ends(runs, server)), **facts)
    accuracy_curve(panel, "federated", lines, title, setting, whole=True, marker_x=float(settings["head_start"]))


def _curves(rounds: Mapping[str, list[FederatedRound]], who: str) -> Curves:
    """Return the accuracy of the server, or the mean over clients or twins, by round and run."""
    return {run: [float(np.mean(getattr(note, who))) for note in notes] for run, notes in rounds.items()}


def _clients(last: FederatedRound, run: RunRow, round_: int) -> None:
    """Show of each client which labels it has, and how it fares by itself and with the others."""
    rows = client_rows(last)
    gained = int((rows["after"] > rows["before"]).sum())
    finding = t("protocol_view.clients_finding", n=gained, all=len(rows))
    setting = t("protocol_view.clients_setting", seed=run.recipe["seed"], round=round_)
    heading(finding, setting)
    counts = [column for column in map(str, rows) if column.startswith("class_")]
    labels = rows[counts].to_numpy()
    shown = rows.drop(columns=counts)
    shown["labels"] = labels.tolist()
    bars = st.column_config.BarChartColumn(t("protocol_view.labels_by_class"), y_min=0, y_max=int(labels.max()))
    columns = {**_columns(), "labels": bars}
    st.dataframe(
        shown, key="protocol_clients", hide_index=True, alt=finding, column_config=columns, placeholder=MISSING
    )
    with st.expander(t("downloads.table"), key="protocol_clients_as_table"):
        table_with_csv(
            rows,
            key="protocol_clients_rows",
            filename="federated-clients",
            alt=setting,
            column_config={**_columns(), **dict(zip(counts, _class_titles(run, len(counts)), strict=True))},
        )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "client": t("protocol_view.client"),
        "before": number(t("protocol_view.by_itself"), format="%.1f"),
        "after": number(t("protocol_view.with_others"), format="%.1f"),
        "difference": number(t("protocol_view.difference"), format="%+.1f"),
        "images": t("protocol_view.images"),
    }


def _class_titles(run: RunRow, count: int) -> list[str]:
    source = store().files.source(run.source) if run.source else None
    names = source[1]["classes"] if source else [str(place) for place in range(count)]
    return [t("protocol_view.of_class", name=name) for name in names]


def client_rows(last: FederatedRound) -> pd.DataFrame:
    """Return one row per client: images, accuracy of its twin and its own in percent, and labels by class."""
    rows = []
    for place, (labels, twin, own) in enumerate(zip(last.labels, last.twins, last.clients, strict=True)):
        row = {"client": place + 1, "before": 100 * twin, "after": 100 * own, "difference": 100 * (own - twin)}
        row["images"] = sum(labels)
        rows.append({**row, **{f"class_{name}": count for name, count in enumerate(labels)}})
    return pd.DataFrame(rows)


def _bytes(last: FederatedRound, rounds: int) -> None:
    """Say how much crosses the wire in a round, and how much weights would have been."""
    logits, weights = last.bytes_of_logits, last.bytes_of_weights
    which = "less" if logits < weights else "more"
    ratio = ratio_text(max(logits, weights) / max(1, min(logits, weights)))
    heading(t(f"protocol_view.bytes_{which}", ratio=ratio), t("protocol_view.bytes_setting"))
    rows = [
        {
            t("protocol_view.what_is_sent"): t(f"protocol_view.{name}"),
            t("protocol_view.in_a_round"): bytes_text(count),
            t("protocol_view.in_all_rounds", n=max(0, rounds)): bytes_text(count * max(0, rounds)),
        }
        for name, count in (("sent_logits", logits), ("sent_weights", weights))
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt=t("protocol_view.bytes_setting"))
