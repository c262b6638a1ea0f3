"""A teacher of one's own: a file with its weights, or with what it says about the training images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import streamlit as st

from kd_core.errors import KDError
from kd_core.own_files import parse_logits
from kd_core.visitors import keep_teacher_file
from pages.parts.app import store, visitor
from pages.parts.form import state
from pages.parts.form.fields import tell_refused
from pages.parts.text import error_text, escape_markdown, t

if TYPE_CHECKING:
    from kd_core.recipe import GivenFile, Recipe

Kind = Literal["weights", "logits"]
KINDS: Final[tuple[Kind, ...]] = ("weights", "logits")
ENDINGS: Final = {"weights": ["safetensors"], "logits": ["csv", "tsv", "txt", "npz", "safetensors"]}
TOLD: Final = "own_teacher_told"
"""The session's key of why the last file was refused."""


def given_teacher(recipe: Recipe) -> tuple[Kind, GivenFile] | None:
    """Return what a recipe's teacher comes from; None where it is trained."""
    if recipe.teacher is None:
        return None
    if recipe.teacher.given_logits is not None:
        return "logits", recipe.teacher.given_logits
    return None if recipe.teacher.given_weights is None else ("weights", recipe.teacher.given_weights)


def own_teacher_field(recipe: Recipe) -> None:
    """Offer a file to teach instead of a trained network, and say which one teaches now."""
    if recipe.teacher is None:
        return
    given = given_teacher(recipe)
    if given is not None:
        kind, file = given
        st.caption(t(f"own_teacher.teaches_{kind}", file=escape_markdown(file.label)))
        st.button(t("own_teacher.train"), key="own_teacher_train", on_click=_train_again)
    with st.popover(t("own_teacher.open"), key="own_teacher"):
        chosen = st.segmented_control(
            t("own_teacher.kind"),
            KINDS,
            format_func=lambda name: t(f"own_teacher.{name}"),
            default=KINDS[0],
            key="own_teacher_kind",
            required=True,
        )
        label = escape_markdown(recipe.teacher.student.label)
        st.caption(t(f"own_teacher.rules_{chosen}", network=label))
        sure = chosen == "logits" and st.checkbox(t("own_teacher.probabilities"), key="own_teacher_probabilities")
        uploaded = st.file_uploader(t("own_teacher.file"), type=ENDINGS[chosen], key=f"own_teacher_file_{chosen}")
        if uploaded is not None:
            content = uploaded.getvalue()
            st.button(
                t("own_teacher.use"), key="own_teacher_use", on_click=_use, args=(chosen, uploaded.name, content, sure)
            )
        if visitor().oversees:  # in a class nobody chooses what the server reads but the lecturer
            path = st.text_input(t("own_teacher.path"), key="own_teacher_path", placeholder="/home/me/big.safetensors")
            if path:
                st.button(
                    t("own_teacher.use_path"), key="own_teacher_use_path", on_click=_teach, args=(chosen, path, sure)
                )
    if told := st.session_state.get(TOLD):
        st.error(escape_markdown(told))
    for kind in KINDS:
        tell_refused(f"teacher.given_{kind}")


def _use(kind: Kind, name: str, content: bytes, probabilities: bool) -> None:
    """Keep an uploaded file and let it teach; logits that cannot be read are told at once."""
    st.session_state.pop(TOLD, None)
    try:
        if kind == "logits":
            parse_logits(content, name, probabilities=probabilities)
        path = keep_teacher_file(store(), visitor(), name, content)
    except KDError as error:
        st.session_state[TOLD] = error_text(error)
        return
    _teach(kind, str(path), probabilities)


def _teach(kind: Kind, path: str, probabilities: bool) -> None:
    """Let a file teach; that it fits network and images is looked at where the study's work is counted."""
    st.session_state.pop(TOLD, None)
    given: dict[str, object] = {"path": str(Path(path).expanduser())}
    if kind == "logits":
        given["probabilities"] = probabilities
    other = KINDS[1 - KINDS.index(kind)]
    path_of_kind = f"teacher.given_{kind}"
    state.change_together({f"teacher.given_{other}": None, path_of_kind: given}, path_of_kind)


def _train_again() -> None:
    st.session_state.pop(TOLD, None)
    state.change_together({f"teacher.given_{kind}": None for kind in KINDS}, "teacher.given_weights")
