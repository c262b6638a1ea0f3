"""The assembled loss: the method's formula with the reader's symbol for the weights, and with the numbers in use."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from kd_core.settings import Settings
from pages.parts.app import link
from pages.parts.text import t

Convention = Literal["teacher", "labels"]
_SYMBOLS: dict[Convention, dict[str, str]] = {
    "teacher": {"w_h": r"(1-\alpha)", "w_s": r"\alpha"},
    "labels": {"w_h": r"\alpha", "w_s": r"(1-\alpha)"},
}


def formula(method: Settings) -> None:
    """Show the method's loss; where it weighs labels against a teacher, let the reader choose what alpha means."""
    teacher_weight = getattr(method, "teacher_weight", None)
    label_weight = getattr(method, "label_weight", None)
    raw = str(getattr(method, "formula", ""))
    if teacher_weight is None:
        st.latex(raw)
        return
    if label_weight is None:
        convention: Convention = "labels" if link.get("convention") == "labels" else "teacher"
        st.latex(_replaced(raw, _SYMBOLS[convention]))
        label_weight = 1 - teacher_weight
        alpha = teacher_weight if convention == "teacher" else label_weight
        st.session_state["convention"] = convention
        st.segmented_control(
            t("formula.convention", alpha=f"{alpha:g}"),
            ["teacher", "labels"],
            format_func=lambda convention: t(f"formula.alpha_{convention}"),
            key="convention",
            help=t("formula.convention_help"),
            on_change=_keep_convention,
            required=True,
        )
    st.latex(with_numbers(raw, label_weight, teacher_weight, getattr(method, "temperature", None)))


def with_numbers(raw: str, label_weight: float, teacher_weight: float, temperature: float | None) -> str:
    """Return a formula's LaTeX with weights and temperature as numbers."""
    numbers = {"w_h": f"{label_weight:.3g}", "w_s": f"{teacher_weight:.3g}"}
    if temperature is not None:
        numbers |= {"T^2": rf"\cdot {temperature:g}^2", "{T}": f"{{{temperature:g}}}"}
    return _replaced(raw, numbers)


def _replaced(raw: str, by: dict[str, str]) -> str:
    for symbol, value in by.items():
        raw = raw.replace(symbol, value)
    return raw


def _keep_convention() -> None:
    chosen = st.session_state["convention"]
    link.put(convention="labels" if chosen == "labels" else None)
