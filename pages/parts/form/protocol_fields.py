"""The settings of a protocol in the form: which one, its own settings, and its further networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from kd_core.errors import KDError
from kd_core.settings import name_of
from pages.parts.form import state
from pages.parts.form.fields import remember, setting_field, tell_refused
from pages.parts.form.network_list import read_networks, written_networks
from pages.parts.form.protocol_choice import choose_protocol
from pages.parts.text import error_text, member_text, t

if TYPE_CHECKING:
    from kd_core.protocols import Protocol
    from kd_core.recipe import Recipe


def protocol_settings(recipe: Recipe) -> None:
    """Draw the choice of a protocol and, generated from its declarations, its settings."""
    from kd_core.protocols import PROTOCOLS

    protocol = recipe.protocol
    name = name_of(protocol)
    st.markdown(f"**{t('race.part.protocol')}**")
    names = ["offline", *(member for member in PROTOCOLS if member != "offline")]  # what most people want comes first
    st.selectbox(
        t("race.which.protocol"),
        names,
        format_func=lambda member: member_text.title("protocols", PROTOCOLS[member]),
        key=remember("protocol", name),
        on_change=_choose,
    )
    tell_refused("protocol")
    st.caption(member_text.summary("protocols", type(protocol)))
    for field in type(protocol).model_fields:
        if field != "name":
            setting_field(protocol, field, f"protocol.{field}", f"protocols.{name}")
    if protocol.arranges_networks or recipe.others:
        _others(recipe)


def protocol_line(protocol: Protocol) -> None:
    """Say under the main controls that another protocol than one fixed teacher is chosen."""
    if name_of(protocol) != "offline":
        title, summary = (word("protocols", type(protocol)) for word in (member_text.title, member_text.summary))
        st.caption(f"**{t('race.part.protocol')}: {title}.** {summary}")


def _others(recipe: Recipe) -> None:
    key = remember("others", written_networks(recipe.others))
    protocol = recipe.protocol
    meaning = (
        t(f"protocol_view.others_{name_of(protocol)}")
        if protocol.arranges_networks
        else t("protocol_view.others_nobody")
    )
    st.text_input(
        t("protocol_view.others"),
        key=key,
        help=f"{meaning} {t('protocol_view.others_written')}",
        placeholder=t("protocol_view.others_example"),
        on_change=_put_others,
    )
    tell_refused("others")


def _choose() -> None:
    choose_protocol(st.session_state["set.protocol"])


def _put_others() -> None:
    try:
        networks = read_networks(st.session_state["set.others"])
    except KDError as error:
        st.session_state["form_error"] = ("others", error_text(error))
        return
    state.change("others", networks)
