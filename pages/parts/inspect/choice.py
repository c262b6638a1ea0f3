"""Which two networks are held against each other, kept in the link."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kd_core.results import CellValues, StoredLogits
from kd_core.store import StudyRow
from pages.parts.app import link, store
from pages.parts.inspect.networks import Network, Pair, default_pair, networks_of_logits, networks_of_study
from pages.parts.text import t

SIDES = ("a", "b")


def networks_of(study: StudyRow | None, cell: CellValues | None, split: StoredLogits) -> list[Network]:
    """Return the networks of what is looked at: a study's, for None the recorded race's, or a visitor's own."""
    if split.provenance == "own":
        return networks_of_logits(split, link.get("own"))
    return networks_of_logits(split, "recorded") if study is None else networks_of_study(store(), study.id, cell, split)


def choose_pair(networks: Sequence[Network], split: StoredLogits, places: Sequence[DeltaGenerator]) -> Pair:
    """Let the reader choose two networks: for each its part in the study, and its seed where there are several.

    Args:
        networks: at least two, or the one that is then held against itself.
        split: the images that they were asked about.
        places: where the two choices stand.
    """
    if len(networks) == 1:
        return Pair(networks[0], networks[0], split)
    chosen = []
    for side, default, place in zip(SIDES, default_pair(networks), places, strict=True):
        with place:
            chosen.append(_choose(networks, side, default))
    return Pair(chosen[0], chosen[1], split)


def _choose(networks: Sequence[Network], side: str, default: Network) -> Network:
    known = {network.part: network for network in networks}
    asked = link.get(side, default.part)
    if asked not in known:
        link.refuse(side, t("inspect.no_network", value=asked, known=", ".join(known)))
        asked = default.part
    now = known[asked]
    arms = list(dict.fromkeys(network.arm for network in networks))
    arm_key, seed_key = f"inspect_{side}_arm", f"inspect_{side}_seed"
    st.session_state[arm_key] = now.arm

    def changed() -> None:
        arm = st.session_state[arm_key]
        seeds = [network.seed for network in networks if network.arm == arm]
        seed = st.session_state.get(seed_key, now.seed)
        part = f"{arm}.{seed if seed in seeds else seeds[0]}"
        link.put(**{side: None if part == default.part else part})

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            t(f"inspect.side_{side}"), arms, format_func=lambda arm: t(f"roles.{arm}"), key=arm_key, on_change=changed
        )
        seeds = [network.seed for network in networks if network.arm == now.arm]
        if len(seeds) > 1:
            st.session_state[seed_key] = now.seed
            st.selectbox(t("inspect.seed"), seeds, key=seed_key, on_change=changed, width=110)
    return now
