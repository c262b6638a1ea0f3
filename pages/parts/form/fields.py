"""Fields: one widget for one declared setting, with its words, its range and its error beside it."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st
from pydantic.fields import FieldInfo

from kd_core.settings import Settings, field_kind, limits_of
from pages.parts.app import link
from pages.parts.form import state
from pages.parts.form.steps import has_slider, is_log, linear_step, slider_steps
from pages.parts.text import declared_text, escape_markdown, member_text, setting_description, setting_label, t

EMPTY = ""
"""What a widget holds where an optional number is not set."""


def setting_field(owner: Settings, name: str, path: str, words: str) -> None:
    """Draw the widget of one setting; a change goes through ``form.change``.

    Args:
        owner: the settings that hold it.
        name: the field's name in them.
        path: the recipe path, e.g. "method.temperature".
        words: the catalogue's prefix, e.g. "methods.soft_targets".
    """
    info = type(owner).model_fields[name]
    draw = _slider if has_slider(info) else _DRAW[field_kind(info.annotation)]
    label, described = setting_label(words, name, info), setting_description(words, name, info)
    draw(getattr(owner, name), path, info, marked(path, label), described)
    tell_refused(path)


def member_field(path: str, now: str, names: list[str], label: str, section: str) -> None:
    """Draw the choice between members of a registry, e.g. the method.

    Args:
        path: the recipe path.
        now: the member in use.
        names: of all to choose from.
        label: of the widget.
        section: the catalogue's, e.g. "methods".
    """
    key = remember(path, now)
    titles = {name: member_text.title_of(section, name) for name in names}
    shown = marked(path, label)
    st.selectbox(shown, names, format_func=titles.__getitem__, key=key, on_change=_changed, args=(path,))
    tell_refused(path)


def marked(path: str, label: str) -> str:
    """Return a field's label, with a mark where its setting differs from the preset's."""
    return t("form.changed", label=label) if path in link.settings() else label


def _slider(value: Any, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    """Draw a number with two limits; one that may be empty, or moves by factors, has a list of steps."""
    optional = type(None) in get_args(info.annotation)
    if optional or is_log(info):
        st.select_slider(
            label,
            [*([EMPTY] if optional else []), *slider_steps(info, value)],
            format_func=_number_text,
            key=remember(path, EMPTY if value is None else value),
            help=described,
            on_change=_changed_number,
            args=(path,),
        )
        return
    steps = slider_steps(info, value)
    kind = int if field_kind(info.annotation) == "int" else float
    st.slider(
        label,
        min_value=kind(steps[0]),
        max_value=kind(steps[-1]),
        step=kind(linear_step(info)),
        key=remember(path, kind(value)),
        help=described,
        on_change=_changed,
        args=(path,),
    )


def _number_text(value: float | str) -> str:
    if value == EMPTY:
        return t("form.empty")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bool(value: bool, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    st.toggle(label, key=remember(path, value), help=described, on_change=_changed, args=(path,))


def _choice(value: Any, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    st.selectbox(
        label,
        list(get_args(info.annotation)),
        format_func=lambda choice: declared_text(f"choices.{choice}", str(choice).replace("_", " ")),
        key=remember(path, value),
        help=described,
        on_change=_changed,
        args=(path,),
    )


def _int(value: int | None, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    limits = limits_of(info)
    st.number_input(
        label,
        min_value=None if limits.low is None else int(limits.low),
        max_value=None if limits.high is None else int(limits.high),
        step=1,
        key=remember(path, value),
        help=described,
        placeholder=t("form.empty"),
        on_change=_changed,
        args=(path,),
    )


def _float(value: float | None, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    key = remember(path, EMPTY if value is None else f"{value:g}")
    empty = t("form.empty")
    st.text_input(label, key=key, help=described, placeholder=empty, on_change=_changed_number, args=(path,))


def _numbers(value: tuple[float, ...], path: str, info: FieldInfo, label: str, described: str | None) -> None:
    text = ", ".join(f"{number:g}" for number in value)
    st.text_input(label, key=remember(path, text), help=described, on_change=_changed_numbers, args=(path,))


def _text(value: str, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    st.text_input(label, key=remember(path, value), help=described, on_change=_changed, args=(path,))


def tell_refused(path: str) -> None:
    failed = st.session_state.get("form_error")
    if failed and failed[0] == path:
        st.error(escape_markdown(failed[1]))


def remember(path: str, value: Any) -> str:
    """Put the value in use into the widget before it is drawn; return the widget's key."""
    key = f"set.{path}"
    failed = st.session_state.get("form_error")
    if not (failed and failed[0] == path):  # what was refused stays in sight beside the reason
        st.session_state[key] = value
    return key


def _changed(path: str) -> None:
    state.change(path, st.session_state[f"set.{path}"])


def _changed_number(path: str) -> None:
    number = st.session_state[f"set.{path}"]
    number = number.strip() if isinstance(number, str) else number
    state.change(path, None if number == EMPTY else number)


def _changed_numbers(path: str) -> None:
    parts = st.session_state[f"set.{path}"].replace("，", ",").replace("-", ",").split(",")
    state.change(path, [part.strip() for part in parts if part.strip()])


_DRAW = {"bool": _bool, "choice": _choice, "int": _int, "float": _float, "numbers": _numbers, "text": _text}
