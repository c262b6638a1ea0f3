"""Fields: one widget for one declared setting, with its words, its range and its error beside it."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st
from pydantic.fields import FieldInfo

from kd_core.settings import Settings, field_extra
from pages.parts.form import state
from pages.parts.text import declared_text, escape_markdown, t

TEMPERATURES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 50.0, 100.0)


def setting_field(owner: Settings, name: str, path: str, words: str) -> None:
    """Draw the widget of one setting; a change goes through ``form.change``.

    Args:
        owner: the settings that hold it.
        name: the field's name in them.
        path: the recipe path, e.g. "method.temperature".
        words: the catalogue's prefix, e.g. "methods.soft_targets".
    """
    info = type(owner).model_fields[name]
    title = declared_text(f"{words}.{name}.title", info.title or name)
    unit = field_extra(info).get("unit", "")
    label = f"{title} ({declared_text(f'units.{unit}', unit)})" if unit else title
    described = declared_text(f"{words}.{name}.description", info.description or "") or None
    _DRAW[state.field_kind(info.annotation)](owner, name, path, info, label, described)
    tell_refused(path)


def member_field(path: str, now: str, names: list[str], label: str, words: str) -> None:
    """Draw the choice between members of a registry, e.g. the method."""
    key = remember(path, now)
    shown = {name: declared_text(f"{words}.{name}.title", name.replace("_", " ")) for name in names}
    st.selectbox(label, names, format_func=shown.__getitem__, key=key, on_change=_changed, args=(path,))
    tell_refused(path)


def temperature_field(owner: Settings, path: str, words: str) -> None:
    """Draw the training temperature as a slider over sensible steps, with the value in use among them."""
    value = float(getattr(owner, "temperature", 1.0))
    key = remember(path, value)
    info = type(owner).model_fields["temperature"]
    st.select_slider(
        declared_text(f"{words}.temperature.title", info.title or ""),
        sorted({*TEMPERATURES, value}),
        format_func=lambda number: f"{number:g}",
        key=key,
        help=declared_text(f"{words}.temperature.description", info.description or ""),
        on_change=_changed,
        args=(path,),
    )


def _bool(owner: Settings, name: str, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    st.toggle(label, key=remember(path, getattr(owner, name)), help=described, on_change=_changed, args=(path,))


def _choice(owner: Settings, name: str, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    options = list(get_args(info.annotation))
    key = remember(path, getattr(owner, name))
    st.selectbox(
        label,
        options,
        format_func=lambda value: declared_text(f"choices.{value}", str(value).replace("_", " ")),
        key=key,
        help=described,
        on_change=_changed,
        args=(path,),
    )


def _int(owner: Settings, name: str, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    low, high = limits(info)
    st.number_input(
        label,
        min_value=None if low is None else int(low),
        max_value=None if high is None else int(high),
        step=1,
        key=remember(path, getattr(owner, name)),
        help=described,
        placeholder=t("form.empty"),
        on_change=_changed,
        args=(path,),
    )


def _float(owner: Settings, name: str, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    value = getattr(owner, name)
    if limits(info) == (0, 1) and value is not None and field_extra(info).get("scale") == "linear":
        key = remember(path, float(value))
        st.slider(label, 0.0, 1.0, step=0.01, key=key, help=described, on_change=_changed, args=(path,))
        return
    key = remember(path, "" if value is None else f"{value:g}")
    empty = t("form.empty")
    st.text_input(label, key=key, help=described, placeholder=empty, on_change=_changed_number, args=(path,))


def _numbers(owner: Settings, name: str, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    text = ", ".join(f"{number:g}" for number in getattr(owner, name))
    st.text_input(label, key=remember(path, text), help=described, on_change=_changed_numbers, args=(path,))


def _text(owner: Settings, name: str, path: str, info: FieldInfo, label: str, described: str | None) -> None:
    st.text_input(label, key=remember(path, getattr(owner, name)), help=described, on_change=_changed, args=(path,))


def limits(info: FieldInfo) -> tuple[float | None, float | None]:
    """Return the smallest and the largest value that a number's declaration allows, as far as it says."""
    low = high = None
    for limit in info.metadata:
        low = getattr(limit, "ge", getattr(limit, "gt", low))
        high = getattr(limit, "le", getattr(limit, "lt", high))
    return None if low is None else float(low), None if high is None else float(high)


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
    text = st.session_state[f"set.{path}"].strip()
    state.change(path, text or None)


def _changed_numbers(path: str) -> None:
    parts = st.session_state[f"set.{path}"].replace("，", ",").replace("-", ",").split(",")
    state.change(path, [part.strip() for part in parts if part.strip()])


_DRAW = {"bool": _bool, "choice": _choice, "int": _int, "float": _float, "numbers": _numbers, "text": _text}
