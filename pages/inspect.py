"""Inspect: where do they differ?"""

import streamlit as st

from kd_core.results import stored_logits
from pages.parts.app import store, tell_left_out
from pages.parts.inspect import choose_pair, draw_again_when_warm, inspect_view, networks_of
from pages.parts.other_kinds import one_trio
from pages.parts.own_logits import own_facts, own_field, own_in_link
from pages.parts.recorded import recorded_logits
from pages.parts.studies import choose_study, nothing_yet, watch
from pages.parts.text import t


def main() -> None:
    st.markdown(t("inspect.lead"))
    left, *sides = st.columns([1.1, 1, 1], gap="medium")
    if (own := own_in_link()) is not None:
        with left:
            st.caption(own_facts(own))
            own_field()
        views(choose_pair(networks_of(None, None, own), own, sides))
        return
    with left:
        own_field()
        study = choose_study("inspect_study")
        cell = one_trio(study, "sweep", "compare")
    split = recorded_logits() if study is None else stored_logits.load_study_logits(store(), study.id, cell=cell)
    networks = [] if split is None else networks_of(study, cell, split)
    if split is None or not networks:
        nothing_yet(study, chooser="inspect_study")
        return
    watch(study, split)
    if len(networks) < 2:
        st.info(t("inspect.one_network"))
        return
    views(choose_pair(networks, split, sides))
    if study is not None:
        tell_left_out(store().studies.member_progress(study.id))
        draw_again_when_warm()


views = st.fragment(inspect_view, key="inspect_views")

main()
