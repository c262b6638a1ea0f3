"""The choice of a protocol: with it comes what its source sets, and with the way back that goes again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import streamlit as st

from kd_core.settings import json_at_path, name_of
from pages.parts.form import state

BEFORE: Final = "before_protocol"
"""The session's key of the recipe that was in the form before a protocol with settings of its own was chosen."""


def choose_protocol(name: str) -> bool:
    """Use a protocol with the settings of its source, instead of those of the one before; return whether it fits.

    What a person has set differently from the earlier protocol's usual settings stays as it is.
    """
    changes = protocol_changes(name)
    if name_of(state.current().protocol) == "offline":
        st.session_state[BEFORE] = {"preset": state.preset_name(), "recipe": state.current().to_json()}
    return state.change_together(changes, "protocol")


def try_protocol(name: str) -> bool:
    """Use a protocol as its source does, with the preset's own method where the present one does not fit."""
    if choose_protocol(name):
        return True
    method = _preset_recipe().to_json()["method"]
    return state.change_together({"method": method, **protocol_changes(name)}, "protocol")


def protocol_changes(name: str) -> dict[str, Any]:
    """Return what to change in the form's recipe, by path, to use a protocol."""
    from kd_core.protocols import PROTOCOLS

    recipe = state.current()
    undone = dict(_undone(recipe.protocol.recommended, recipe.to_json(), _before()))
    without_place: dict[str, Any] = {} if PROTOCOLS[name].arranges_networks or not recipe.others else {"others": []}
    return {**undone, **without_place, "protocol": {"name": name}, **PROTOCOLS[name].recommended}


def is_other(protocol: Mapping[str, Any]) -> bool:
    """Tell whether a protocol, as JSON, is another one than one fixed teacher."""
    return bool(protocol["name"] != "offline")


def _undone(recommended: Mapping[str, Any], now: Any, earlier: Any) -> Iterator[tuple[str, Any]]:
    """Yield, by path, the earlier values of what still is as a protocol had set it."""
    for path, value in recommended.items():
        current, before = json_at_path(now, path), json_at_path(earlier, path)
        if not isinstance(value, dict):
            if current == value:
                yield path, before
        elif current["name"] == value["name"] != before["name"]:
            yield path, before
        elif current["name"] == value["name"]:
            as_set = (leaf for leaf, recommended_value in value.items() if current.get(leaf) == recommended_value)
            yield from ((f"{path}.{leaf}", before.get(leaf)) for leaf in as_set)


def _before() -> dict[str, Any]:
    """Return the recipe, as JSON, to which the way back leads: what was set before a protocol came, else the preset."""
    before = st.session_state.get(BEFORE)
    if before is not None and before["preset"] == state.preset_name():
        earlier: dict[str, Any] = before["recipe"]
        return earlier
    return dict(_preset_recipe().to_json())


def _preset_recipe() -> Any:
    from kd_core.recipe import PRESETS

    return PRESETS[state.preset_name()].recipe
