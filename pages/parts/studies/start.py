"""Starting a study from a form: seeds, how much work it is, Start, Pause and Stop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import streamlit as st

from kd_core import jobs
from kd_core.errors import KDError
from kd_core.store import StudyRow
from kd_core.visitors import may_change
from kd_core.vocabulary import RESUMABLE
from pages.parts.app import (
    data_root,
    link,
    must_sign_in,
    refuse,
    show_refused,
    start_rules,
    store,
    try_or_tell,
    visitor,
)
from pages.parts.text import error_text, language, t

if TYPE_CHECKING:
    from kd_core.recipe import Study

FEWEST_SEEDS_SHOWN = 10
REDRAW = "redraw"
"""The session's key of a press that changed what the whole page shows."""
CHOICES = ("device", "precision")
"""What of the session decides how a study is carried out, if the page does not say otherwise."""


class Work(NamedTuple):
    """How much work a study is.

    Args:
        networks: how many different ones it has.
        seconds: about how long those take that are not trained yet.
        digest: of its members; two studies with the same one are the same.
        trouble: why there is no such study, or why nobody knows how long it takes; else empty.
    """

    networks: int = 0
    seconds: float = 0.0
    digest: str = ""
    trouble: str = ""


def seeds_slider(seeds: int, help_text: str) -> int:
    """Draw the number of seeds, which the link keeps, and return it."""
    st.session_state["seeds"] = seeds
    return st.slider(
        t("race.seeds"),
        1,
        max(FEWEST_SEEDS_SHOWN, seeds),
        key="seeds",
        help=help_text,
        on_change=lambda: link.put(seeds=st.session_state["seeds"]),
    )


def trains_again() -> bool:
    """Tell whether students are to be trained even if the store has them."""
    return bool(st.session_state.get("train_again", False))


def train_again_toggle() -> None:
    """Let the reader ask for students that are trained anew."""
    st.toggle(t("race.train_again"), key="train_again", help=t("race.train_again_help"), persist_state="session")


def work_of(asked: Sequence[Any], make: Callable[[], Study]) -> Work:
    """Return how much work a study is, or why it cannot be; computed once, for hundreds of recipes take a while.

    Args:
        asked: all that decides what ``make`` builds, as plain values.
        make: builds the study.
    """
    newest = store().studies.list(limit=1, owners=visitor().own)
    state = f"{newest[0].id} {newest[0].status}" if newest else ""
    key = json.dumps([str(store().home), *asked, language(), trains_again(), state], sort_keys=True)
    return Work(*_work(key, make, trains_again()))


@st.cache_data(max_entries=500, ttl=60, show_spinner=False)
def _work(key: str, _make: Callable[[], Study], fresh: bool) -> tuple[int, float, str, str]:
    from kd_core.experiments import estimated_seconds
    from kd_core.recipe import check_study

    try:
        study = _make()
        check_study(study)
    except KDError as error:
        return 0, 0.0, "", error_text(error)
    fingerprints = [member.recipe.fingerprint() for member in study.members]
    networks, digest = len(set(fingerprints)), members_digest(fingerprints)
    try:
        return networks, estimated_seconds(store(), study, fresh, fingerprints), digest, ""
    except KDError as error:  # networks and images that do not fit each other
        return networks, 0.0, digest, error_text(error)


def members_digest(fingerprints: Sequence[str]) -> str:
    """Return a short text that is equal for studies of equal members, given by their recipes' fingerprints in order."""
    return hashlib.sha256(" ".join(fingerprints).encode()).hexdigest()[:16]


def start_bar(
    label: str,
    make: Callable[[], Study],
    now: StudyRow | None,
    *,
    key: str,
    stop_key: str,
    pause_key: str,
    seconds: float | None,
    choices: Sequence[str] = CHOICES,
) -> None:
    """Draw Start, and Pause and Stop while a study is alive that this visitor may stop.

    A press is remembered until this line is reached: whatever draws the page anew before it cannot lose it.

    Args:
        label: of Start.
        make: builds the study that is started.
        now: the study that is looked at.
        key: of Start.
        stop_key: of Stop.
        pause_key: of Pause.
        seconds: about how long the study takes; None where it cannot be started.
        choices: what of the session decides how it is carried out.
    """
    left, right = st.columns(2)
    with left:
        _start_button(label, key, "sign_in_to_start", "stretch", seconds is not None)
    with right:
        if now is not None and now.alive and may_change(store(), now.id, visitor()):
            _pause_and_stop(now, pause_key, stop_key)
    if st.session_state.pop(_pressed(key), False) and seconds is not None:
        _start(make, choices, seconds)
    show_refused()


def start_button(
    label: str, make: Callable[[], Study], *, key: str, seconds: float | None, then: Callable[[], None]
) -> None:
    """Draw a Start of its own, for a study beside the one that the page's form asks for.

    A press is remembered until this line is reached; what is refused has to be told beside it (``show_refused``).

    Args:
        label: of the button.
        make: builds the study that is started.
        key: of the button.
        seconds: about how long the study takes; None where it cannot be started.
        then: what else happens once it waits, such as opening its page.
    """
    _start_button(label, key, f"sign_in_to_{key}", "content", seconds is not None, first=False)
    if st.session_state.pop(_pressed(key), False) and seconds is not None:
        _start(make, CHOICES, seconds, then)


def _start_button(
    label: str, key: str, sign_in_key: str, width: Literal["stretch", "content"], able: bool, first: bool = True
) -> None:
    """Draw a Start, or the way to sign in; ``first`` tells whether it is the page's own, which stands out."""
    look: Literal["primary", "secondary"] = "primary" if able and first else "secondary"
    if must_sign_in():
        st.button(
            t("visitor.sign_in"),
            key=sign_in_key,
            type="primary" if first else "secondary",
            width=width,
            on_click=st.login,
        )
    else:
        st.button(label, key=key, type=look, width=width, disabled=not able, on_click=_press, args=(key,))


def resume_button(row: StudyRow, key: str) -> None:
    """Offer a visitor to go on with a study of theirs that did not come to its end."""
    if row.status in RESUMABLE and may_change(store(), row.id, visitor()):
        st.button(t("race.resume"), key=key, on_click=_resume, args=(row.id,))


def _press(key: str) -> None:
    st.session_state[_pressed(key)] = True


def _pressed(key: str) -> str:
    return f"{key}_pressed"


def _pause_and_stop(row: StudyRow, pause_key: str, stop_key: str) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            t("fork.pause"),
            key=pause_key,
            help=t("fork.pause_help"),
            width="stretch",
            disabled=row.wish == "pause",
            on_click=_pause,
            args=(row.id,),
        )
        st.button(t("race.stop"), key=stop_key, width="stretch", on_click=_stop, args=(row.id,))


def _pause(study: str) -> None:
    try_or_tell(lambda: jobs.pause(store(), study, visitor()))
    st.session_state[REDRAW] = True


def _stop(study: str) -> None:
    """Stop the study whose Stop was pressed, whatever the page looks at by now."""
    try_or_tell(lambda: jobs.stop(store(), study, visitor()))
    st.session_state[REDRAW] = True


def _resume(study: str) -> None:
    try_or_tell(lambda: jobs.resume(store(), study, data_root(), visitor()))
    st.session_state[REDRAW] = True


def redraw_if_asked() -> None:
    """Draw the whole page anew after a press in one of its fragments that changed what the others show."""
    if st.session_state.pop(REDRAW, False):
        st.rerun()


def _start(
    make: Callable[[], Study], choices: Sequence[str], seconds: float, then: Callable[[], None] | None = None
) -> None:
    """Queue a study and look at it, or say why it cannot be."""
    from kd_core.recipe import check_study

    try:
        how = {name: st.session_state.get(name, "auto") for name in choices} | start_rules()
        wanted = make()
        check_study(wanted)
        study = jobs.submit(store(), wanted, data_root=data_root(), fresh=trains_again(), estimate=seconds, **how)
    except KDError as error:
        refuse(error_text(error))
        return
    link.put(study=study, cell=None, epoch=None)
    if then is not None:
        then()
    st.rerun()
