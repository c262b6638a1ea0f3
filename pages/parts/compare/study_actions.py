"""What can be done with one study: rename, note, keep, stop, resume, export, delete."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import streamlit as st

from kd_core import jobs
from kd_core.store import StudyRow
from kd_core.visitors import describe, may_change, may_describe, remove
from kd_core.vocabulary import RESUMABLE
from pages.parts.app import engine, store, try_or_tell, visitor
from pages.parts.compare import study_list
from pages.parts.studies import whose_note
from pages.parts.text import bytes_text, error_text, escape_markdown, t

LONGEST_NAME, LONGEST_NOTE = 80, 10_000


def study_actions(row: StudyRow, report_button: Callable[[StudyRow], None]) -> None:
    """Show a study's own sentence, its note and its buttons, that of its report among them."""
    st.header(escape_markdown(study_list.short_label(row)), anchor=False)
    if row.error:
        st.error(escape_markdown(error_text(row.error)))
    elif row.status == "lost":
        st.error(t("compare.lost"))
    whose_note(row)
    able = may_change(store(), row.id, visitor())
    alone = may_describe(store(), row.id, visitor())
    with st.container(horizontal=True, vertical_alignment="center", key="study_actions"):
        if alone:
            _rename(row)
            _note(row)
        if able:
            _go_on_or_stop(row)
        _export(row)
        report_button(row)
        if alone:
            _keep(row)
        if able:
            _delete(row, shared=not alone)
    if row.note:
        with st.container(height=160 if len(row.note) > 400 else "content", border=True, key="study_note_text"):
            st.text(row.note)


def _rename(row: StudyRow) -> None:
    key = f"study_name_{row.id}"
    with st.popover(t("compare.rename"), key="study_rename"):
        _shown(key, row.name)
        st.text_input(
            t("compare.name"),
            key=key,
            max_chars=LONGEST_NAME,
            placeholder=study_list.short_label(row),
            on_change=lambda: _update(row, name=" ".join(st.session_state[key].split())),
        )


def _note(row: StudyRow) -> None:
    key = f"study_note_{row.id}"
    with st.popover(t("compare.note"), key="study_note"):
        _shown(key, row.note)
        st.text_area(
            t("compare.note"),
            key=key,
            max_chars=LONGEST_NOTE,
            height=160,
            width=420,
            on_change=lambda: _update(row, note=st.session_state[key].strip()),
        )


def _keep(row: StudyRow) -> None:
    key = f"study_keep_{row.id}"
    _shown(key, row.keep)
    with st.container(key="study_keep", width="content"):
        st.toggle(
            t("compare.keep"),
            key=key,
            help=t("compare.keep_help"),
            on_change=lambda: _update(row, keep=st.session_state[key]),
        )


def _go_on_or_stop(row: StudyRow) -> None:
    if row.alive:
        stop = partial(jobs.stop, store(), row.id, visitor())
        st.button(t("compare.stop"), key="study_stop", on_click=lambda: try_or_tell(stop))
    elif row.status in RESUMABLE:
        resume = partial(jobs.resume, store(), row.id, engine.data_root(), visitor())
        st.button(t("compare.resume"), key="study_resume", on_click=lambda: try_or_tell(resume))


def _export(row: StudyRow) -> None:
    st.download_button(
        t("compare.export"),
        partial(_race_json, row.id),
        file_name=f"study_{row.id}.json",
        mime="application/json",
        key="study_export",
        on_click="ignore",
    )


def _race_json(study: str) -> str:
    """Return everything about a study: what was asked for and what came out, run by run."""
    from kd_core.results import compare_json, race_json, sweep_rows

    row = store().studies.get(study)
    facts = {"name": row.name, "note": row.note, "status": row.status, "created": row.created, "recipe": row.spec}
    if row.kind == "sweep":
        results = {"rows": sweep_rows(store(), study)}
    else:
        results = race_json(store(), study) if row.kind == "race" else compare_json(store(), study)
    return json.dumps({**facts, **results}, ensure_ascii=False, indent=2)


def _delete(row: StudyRow, shared: bool) -> None:
    """Offer to delete a study, or to leave one that others own, too."""
    if shared:
        leave = partial(_delete_now, row.id)
        st.button(t("compare.leave"), key="study_leave", help=t("compare.leave_help"), on_click=leave)
        return
    busy = t("compare.delete_alive") if row.alive else t("compare.delete_kept") if row.keep else None
    if st.button(t("compare.delete"), key="study_delete", disabled=busy is not None, help=busy):
        st.dialog(t("compare.delete_title"))(_confirm)(row)


def _confirm(row: StudyRow) -> None:
    sharing, size = store().studies.sharing(row.id), study_list.facts(row)["bytes"]
    st.markdown(t("compare.delete_what", study=escape_markdown(study_list.short_label(row)), size=bytes_text(size)))
    if sharing:
        named = ", ".join(escape_markdown(study_list.short_label(other)) for other in sharing[:5])
        st.info(t("compare.delete_shared", n=len(sharing), studies=named))
    with st.container(horizontal=True):
        # As a callback, so that the list is drawn without it in the very same run.
        sure = t("compare.delete_yes")
        if st.button(sure, key="study_delete_confirm", type="primary", on_click=_delete_now, args=(row.id,)):
            st.rerun()
        if st.button(t("compare.delete_no"), key="study_delete_cancel"):
            st.rerun()


def _delete_now(study: str) -> None:
    try_or_tell(partial(remove, store(), study, visitor()))
    study_list.pick([])


def _update(row: StudyRow, **values: str | bool) -> None:
    try_or_tell(lambda: describe(store(), row.id, visitor(), **values))


def _shown(key: str, value: object) -> None:
    """Put what the store says into a widget before it is drawn: another tab may have changed it."""
    st.session_state[key] = value
