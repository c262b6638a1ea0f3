"""Two networks as they are drawn: the finding, all views of one epoch and one selection, and the numbers as a file."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from kd_core.results.inspection import GROUPS, answers_of, comparison_json, groups_of
from pages.parts.app import engine_is_warm, engine_ready, epoch_shown, link
from pages.parts.charts import ROLE_OF, ROLES, Role
from pages.parts.inspect import contents
from pages.parts.inspect.inspector import WORDS, asked_epochs, asked_images, inspector, is_drawn
from pages.parts.inspect.networks import Pair, network_name
from pages.parts.inspect.packing import packed_labels
from pages.parts.inspect.pick import LONGEST, is_pick
from pages.parts.text import escape_markdown, language, share_text, t, texts_of

WARM_SECONDS: Final = 0.5
START: Final = "inspect_start"
"""The session's key of where the views began: what is compared, the epoch's place, and the selection."""


def inspect_view(pair: Pair) -> None:
    """Show two networks."""
    epoch = epoch_shown(pair.epochs if len(pair.epochs) > 1 else [])
    st.header(finding(pair), anchor=False)
    st.caption(setting(pair))
    for sentence in warnings(pair):
        st.caption(sentence)
    inspector(_data(pair, epoch), on_pick=_put_pick, on_epoch=lambda chosen: link.put(epoch=chosen))
    shown = pair.a.nearest(epoch) + 1
    name = t("inspect.json_reported") if epoch is None else t("inspect.json", epoch=shown)
    st.download_button(
        name,
        lambda: json.dumps(numbers(pair, epoch), indent=1, ensure_ascii=False),
        file_name="inspect.json",
        mime="application/json",
        key="inspect_json",
    )


def draw_again_when_warm() -> None:
    """Have the page drawn once more when the engine is there: last features are computed by it."""
    if not engine_is_warm():
        _until_warm()


@st.fragment(run_every=WARM_SECONDS)
def _until_warm() -> None:
    if engine_ready():
        st.rerun()


def finding(pair: Pair) -> str:
    """Return the title: how often the second network repeats what the first one gets wrong, at the reported epoch."""
    a, b = (answers_of(network.said(None, pair.size)) for network in pair.both)
    counts = np.bincount(groups := _known(groups_of(a, b, pair.labels)), minlength=len(GROUPS))
    _, only_a, only_b, copied, apart = (int(count) for count in counts)
    names = {side: network_name(network, pair.same_arm) for side, network in zip("ab", pair.both, strict=True)}
    if not len(groups):
        return t("inspector.no_labels")
    wrong = only_b + copied + apart
    facts = {"only_a": only_a, "only_b": only_b, "copied": copied, "wrong": wrong, "n": len(groups), **names}
    if not wrong and not only_a:
        return t("inspect.finding_alike", **facts)
    return t("inspect.finding" if wrong else "inspect.finding_none_wrong", **facts)


def setting(pair: Pair) -> str:
    """Return the subtitle: which networks, which split with how many images, and who made them."""
    names = [network_name(network, with_seed=True) for network in pair.both]
    facts = {name: escape_markdown(str(value)) for name, value in pair.stored.facts.items()}
    made = t(f"provenance.{pair.stored.provenance}", **facts)
    own = pair.stored.provenance == "own"
    return t(
        "inspect.setting_own" if own else "inspect.setting",
        a=names[0],
        b=names[1],
        n=int((pair.labels >= 0).sum()),
        provenance=made,
    )


def warnings(pair: Pair) -> list[str]:
    """Return what a reader must know of these images and answers before counting them."""
    sentences = []
    if unlabelled := int((pair.labels < 0).sum()):
        sentences.append(t("inspect.unlabelled", n=unlabelled))
    for network in pair.both:
        broken = float((~np.isfinite(network.said(None, pair.size)).all(-1)).mean())
        if broken:
            facts = {"name": network_name(network, pair.same_arm), "share": share_text(broken, 1)}
            sentences.append(t("inspect.broken", **facts))
    if pair.a.identity == pair.b.identity:
        sentences.append(t("inspect.same"))
    if len(pair.epochs) < 2:
        sentences.append(t("inspect.only_result"))
    return sentences


def numbers(pair: Pair, epoch: int | None) -> dict[str, Any]:
    """Return all that is drawn, as numbers: which networks after which epoch, and what their answers come to."""
    a, b = (answers_of(network.said(epoch, pair.size)) for network in pair.both)
    sides = {
        side: {"arm": network.arm, "seed": network.seed, "epoch": network.nearest(epoch) + 1}
        for side, network in zip("ab", pair.both, strict=True)
    }
    split = "own" if pair.stored.provenance == "own" else "test"
    facts = {"split": split, "provenance": pair.stored.provenance, **pair.stored.facts}
    return {**sides, **facts, **comparison_json(a, b, pair.labels, pair.stored.classes)}


def _known(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    return groups[groups >= 0]


def _put_pick(pick: str) -> None:
    link.put(pick=pick)


def _data(pair: Pair, epoch: int | None) -> dict[str, Any]:
    key = _key(pair)
    places = contents.steps(pair)
    start = _start(pair, key, epoch, places)
    in_sight = [*asked_epochs(key, pair.epochs), *_epoch_of(places[start["place"]])]
    return {
        "key": key,
        "classes": list(pair.stored.classes),
        "drawn": contents.drawn_classes(pair),
        "sides": _sides(pair),
        "labels": packed_labels(pair.labels),
        "steps": places,
        "frames": contents.frames(pair, in_sight),
        "sources": contents.sources(pair),
        "pictures": contents.pictures(pair, asked_images(key)),
        "start": start,
        "words": texts_of("inspector", WORDS),
        "provenance": setting(pair),
        "longest": LONGEST,
    }


def _key(pair: Pair) -> str:
    """Return a short text that is equal as long as the same answers of the same networks are compared."""
    facts = [*(network.identity for network in pair.both), str(pair.stored.facts), language()]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _start(pair: Pair, key: str, epoch: int | None, places: list[dict[str, Any]]) -> dict[str, Any]:
    """Return where the views begin, once for as long as they stand there: later the browser knows it better."""
    began = st.session_state.get(START)
    if began is not None and began["key"] == key and is_drawn():
        return {"place": began["place"], "pick": began["pick"]}
    pick = link.get("pick")
    if pick and not is_pick(pick, *pair.size):
        link.refuse("pick", t("inspect.no_pick", value=pick[:40]))
        pick = ""
    done = [step["epoch"] for step in places[:-1]]
    before = [place for place, kept in enumerate(done) if epoch is not None and kept <= epoch + 1]
    start = {"place": before[-1] if before else len(places) - 1, "pick": pick}
    st.session_state[START] = {"key": key, **start}
    return start


def _epoch_of(step: dict[str, Any]) -> list[int | None]:
    return [None if step["epoch"] is None else step["epoch"] - 1]


def _role(arm: str) -> Role:
    return ROLE_OF[arm] if arm in ROLE_OF else cast(Role, arm)  # model A and B are drawn as themselves


def _sides(pair: Pair) -> list[dict[str, Any]]:
    """Return how both are called and drawn; the second of two with the same part is drawn as a variant."""
    roles = [_role(pair.a.arm), "variant" if pair.same_arm else _role(pair.b.arm)]
    return [
        {"role": role, "name": network_name(network, pair.same_arm), "style": ROLES[role].as_data()}
        for role, network in zip(roles, pair.both, strict=True)
    ]
