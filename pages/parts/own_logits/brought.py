"""Logits of people's own networks: brought as text or as files, asked about where they may be probabilities, kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from kd_core.errors import KDError, Reason, UploadRefused
from kd_core.own_files import OwnLogits, parse_logits
from kd_core.results import StoredLogits, stored_logits
from kd_core.visitors import keep_logits, kept_logits, list_kept_logits, remove_logits
from pages.parts.app import link, store, visitor
from pages.parts.text import error_text, escape_markdown, t

TOLD: Final = "own_told"
"""The session's key of why the last file was refused, as plain values."""
ASKED: Final = "own_asked"
"""The session's key of whether the last file may hold probabilities, so that the reader is asked."""
PASTED: Final = "pasted.csv"
KINDS: Final = ["csv", "tsv", "txt", "npz", "safetensors"]


def own_in_link() -> StoredLogits | None:
    """Return the visitor's own logits that the link names; others are told and dropped."""
    digest = link.get("own")
    if not digest:
        return None
    kept = kept_logits(store(), visitor(), digest)
    if kept is None:
        link.refuse("own", t("own_logits.not_here"))
        return None
    return stored_logits.of_own(kept.own, kept.title)


def own_field() -> None:
    """Offer to paste or upload logits, and those that were brought before."""
    if link.get("own"):
        _brought_before()
    box = st.expander(t("own_logits.open"), key="own_logits", on_change="rerun")
    if not box.open:
        return
    with box:
        if not link.get("own"):
            _brought_before()
        st.caption(t("own_logits.rules"))
        files = st.file_uploader(t("own_logits.files"), type=KINDS, accept_multiple_files=True, key="own_files")
        text = st.text_area(t("own_logits.paste"), key="own_text", placeholder=t("own_logits.paste_hint"), height=120)
        classes = st.text_input(
            t("own_logits.classes"), key="own_classes", placeholder="cat, dog, fox", help=t("own_logits.classes_help")
        )
        sources = [(file.name, file.getvalue()) for file in files or []]
        sources += [(PASTED, text.encode())] if text and text.strip() else []
        names = _names(classes or "")
        st.button(t("own_logits.use"), key="own_use", on_click=_take, args=(sources, names), disabled=not sources)
        _tell(sources, names)


def own_facts(stored: StoredLogits) -> str:
    """Return what was read of a file, in a sentence or more."""
    facts = stored.facts
    names = [escape_markdown(name) for name in facts["names"]]
    sentences = [
        t(
            "own_logits.read" if stored.has_labels else "own_logits.read_unlabelled",
            title=escape_markdown(facts["title"]),
            n=f"{len(stored.labels):,}",
            k=len(stored.classes),
        )
    ]
    if len(stored.logits) > 1 and len(names) > 1:
        sentences.append(t("own_logits.models", first=names[0], second=names[1]))
    if facts["zeros"]:
        sentences.append(t("own_logits.zeros", n=f"{facts['zeros']:,}"))
    return t("soft_labels.joint").join(sentences)


def _names(text: str) -> tuple[str, ...] | None:
    names = tuple(name.strip() for name in text.replace("，", ",").replace("\n", ",").split(",") if name.strip())
    return names or None


def _take(sources: Sequence[tuple[str, bytes]], classes: tuple[str, ...] | None, probabilities: bool = False) -> None:
    """Read what was brought and look at it; what cannot be read is told, and what may be probabilities is asked."""
    st.session_state.pop(TOLD, None)
    st.session_state.pop(ASKED, None)
    try:
        own = _read(sources, classes, probabilities)
        title = " · ".join(name for name, _ in sources)
        link.put(own=keep_logits(store(), visitor(), own, title), sample=None, epoch=None)
    except KDError as error:
        if getattr(error.fields.get("reason"), "code", "") == "own_probabilities":
            st.session_state[ASKED] = True
        else:
            st.session_state[TOLD] = error_text(error)


def _read(sources: Sequence[tuple[str, bytes]], classes: tuple[str, ...] | None, probabilities: bool) -> OwnLogits:
    """Return one model, or two from two files about the same images.

    Raises:
        UploadRefused: a file that cannot be read, or two that do not belong together.
    """
    if len(sources) > 2:
        words = "one model, or two to compare, can be read, not {count} files."
        raise UploadRefused(file=sources[2][0], reason=Reason("own_many_files", words, count=len(sources)))
    first, *others = (parse_logits(content, name, classes, probabilities) for name, content in sources)
    if not others:
        return first
    (second,), (file, _) = others, sources[1]
    if first.second is not None or second.second is not None or first.logits.shape != second.logits.shape:
        words = "it holds {second} numbers and '{first}' {shape}: two models must speak about the same images."
        shapes = {"second": list(second.logits.shape), "shape": list(first.logits.shape)}
        reason = Reason("own_two_files", words, first=sources[0][0], second=shapes["second"], shape=shapes["shape"])
        raise UploadRefused(file=file, reason=reason)
    if first.classes is not None and second.classes not in (None, first.classes):
        second = parse_logits(sources[1][1], file, first.classes, probabilities)  # its columns by name
    return replace(
        first,
        second=second.logits,
        labels=second.labels if first.labels is None else first.labels,
        classes=second.classes if first.classes is None else first.classes,
        names=(sources[0][0], file),
        zeros=first.zeros + second.zeros,
    )


def _tell(sources: Sequence[tuple[str, bytes]], classes: tuple[str, ...] | None) -> None:
    if told := st.session_state.get(TOLD):
        st.error(escape_markdown(told))
    if st.session_state.get(ASKED):
        st.warning(t("own_logits.probabilities"))
        given: dict[str, Any] = {"args": (sources, classes, True), "disabled": not sources}
        st.button(t("own_logits.probabilities_yes"), key="own_probabilities", on_click=_take, **given)


def _brought_before() -> None:
    kept = list_kept_logits(store(), visitor())
    now = link.get("own")
    if not kept and not now:
        return
    options = ["", *kept, *([now] if now and now not in kept else [])]
    st.session_state["own_kept"] = now
    st.selectbox(
        t("own_logits.kept"),
        options,
        format_func=lambda digest: kept.get(digest, digest) if digest else t("own_logits.none"),
        key="own_kept",
        on_change=lambda: link.put(own=st.session_state["own_kept"] or None, sample=None, epoch=None),
    )
    if now in kept:
        st.button(t("own_logits.delete"), key="own_delete", type="tertiary", on_click=_delete, args=(now,))


def _delete(digest: str) -> None:
    try:
        remove_logits(store(), visitor(), digest)
    except KDError as error:
        st.session_state[TOLD] = error_text(error)
        return
    link.put(own=None, sample=None)
