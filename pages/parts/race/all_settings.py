"""All settings of a recipe, behind a fold: by subject, or those in which a word occurs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, get_args

import streamlit as st

from kd_core.settings import Settings, at_path, lane_fields
from pages.parts.app import link
from pages.parts.form import (
    folder_field,
    given_teacher,
    member_field,
    own_teacher_field,
    protocol_settings,
    setting_field,
    state,
)
from pages.parts.text import member_text, setting_description, setting_title, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe

SECTIONS: Final = {
    "method": "methods",
    "student": "networks",
    "teacher.student": "networks",
    "data.source": "datasets",
}
"""The parts that are one of several members, and where those are found."""
IN_SIGHT: Final = {"method.temperature", "method.teacher_weight"}
"""What stands among the main controls already."""


def all_settings() -> None:
    """Draw every setting of the recipe in the form."""
    recipe = state.current()
    changed = len(link.settings())
    if changed:
        st.caption(t("race.settings_changed", n=changed))
        st.button(t("race.settings_back"), key="settings_back", type="tertiary", on_click=link.put_settings, args=({},))
    needle = st.text_input(t("race.settings_filter"), key="settings_filter", placeholder=t("race.settings_filter_hint"))
    if words := (needle or "").casefold().split():
        chosen = _Fields(words)
        for draw in SUBJECTS.values():
            draw(recipe, chosen)
        if not chosen.drawn:
            st.caption(t("race.settings_none"))
        return
    tabs = st.tabs([t(f"race.subject.{subject}") for subject in SUBJECTS], key="settings_subject")
    for tab, draw in zip(tabs, SUBJECTS.values(), strict=True):
        with tab:
            draw(recipe, _Fields())


@dataclass
class _Fields:
    """Draws fields below the heading of their part: all of them, or those that have every one of some words."""

    words: Iterable[str] = ()
    drawn: int = 0
    heading: str = field(default="", init=False)
    drawn_heading: str = field(default="", init=False)

    def part(self, name: str) -> None:
        """Begin a part; its heading is written once something stands below it."""
        self.heading = t(f"race.part.{name}")

    def wants(self, *texts: str | None) -> bool:
        """Tell whether something that is described so is to be drawn, and if so, write the heading above it."""
        told = " ".join([self.heading, *filter(None, texts)]).casefold()
        if not all(word in told for word in self.words):
            return False
        if self.drawn_heading != self.heading:
            st.markdown(f"**{self.heading}**")
        self.drawn_heading = self.heading
        self.drawn += 1
        return True

    def settings(self, owner: Settings, path: str, words: str, without: Iterable[str] = ()) -> None:
        """Draw the settings of a part of the recipe."""
        for name, info in type(owner).model_fields.items():
            at = f"{path}.{name}"
            if name in without or at in IN_SIGHT:
                continue
            if self.wants(setting_title(words, name, info), setting_description(words, name, info), at):
                setting_field(owner, name, at, words)

    def member(self, path: str, now: str, names: list[str], which: str, section: str) -> None:
        """Draw the choice between members."""
        label = t(f"race.which.{which}")
        if self.wants(label, path, member_text.title_of(section, now)):
            member_field(path, now, names, label, section)


def _member_part(recipe: Recipe, fields: _Fields, path: str) -> None:
    """Draw a part that is one of several members: which, and its own settings."""
    part, owner = path.replace(".", "_"), at_path(recipe, path)
    fields.part(part)
    names = [name for name in member_text.members(SECTIONS[path]) if name != "image_folder"]
    if _name(owner) not in names:
        names.append(_name(owner))
    fields.member(path, _name(owner), names, part, SECTIONS[path])
    fields.settings(owner, path, f"{SECTIONS[path]}.{_name(owner)}", without=("name", "path", "content"))


def _plain_part(recipe: Recipe, fields: _Fields, path: str, words: str) -> None:
    fields.part(path.replace(".", "_"))
    fields.settings(at_path(recipe, path), path, words, without=("source",))


def _method(recipe: Recipe, fields: _Fields) -> None:
    _member_part(recipe, fields, "method")
    _schedules(recipe, fields)


def _protocol(recipe: Recipe, fields: _Fields) -> None:
    fields.part("protocol")
    words, kind = f"protocols.{_name(recipe.protocol)}", type(recipe.protocol)
    titles = [setting_title(words, name, info) for name, info in kind.model_fields.items() if name != "name"]
    if fields.wants(member_text.title("protocols", kind), "protocol", *titles):
        protocol_settings(recipe)


def _student(recipe: Recipe, fields: _Fields) -> None:
    _member_part(recipe, fields, "student")
    info = type(recipe).model_fields["start"]
    if recipe.teacher is not None and fields.wants(setting_title("recipe", "start", info), "start"):
        setting_field(recipe, "start", "start", "recipe")
    _plain_part(recipe, fields, "optim", "optim")


def _data(recipe: Recipe, fields: _Fields) -> None:
    _member_part(recipe, fields, "data.source")
    if fields.wants(t("upload.open"), t("upload.path"), "data.source.path"):
        folder_field(recipe)
    _plain_part(recipe, fields, "data", "data")


def _teacher(recipe: Recipe, fields: _Fields) -> None:
    fields.part("teacher_student")
    if fields.wants(t("race.teacher_run"), "teacher_run"):
        _teacher_field()
    if state.earlier_teacher():
        return
    if fields.wants(t("own_teacher.open"), "teacher.given_weights", "teacher.given_logits"):
        own_teacher_field(recipe)
    given = given_teacher(recipe)
    if given is not None and given[0] == "logits":
        return
    _member_part(recipe, fields, "teacher.student")
    if given is not None:
        return
    _plain_part(recipe, fields, "teacher.data", "data")
    _plain_part(recipe, fields, "teacher.optim", "optim")


def _machine(recipe: Recipe, fields: _Fields) -> None:
    fields.part("execution")
    if fields.wants(t("race.device"), "device"):
        st.selectbox(t("race.device"), ["auto", "cpu", "cuda", "mps"], key="device", persist_state="session")
    if fields.wants(t("race.precision"), t("race.precision_help"), "precision"):
        st.selectbox(
            t("race.precision"),
            ["auto", "float32"],
            format_func=lambda choice: t(f"race.precision_{choice}"),
            key="precision",
            help=t("race.precision_help"),
            persist_state="session",
        )


SUBJECTS: Final[Mapping[str, Callable[[Recipe, _Fields], None]]] = {
    "method": _method,
    "protocol": _protocol,
    "student": _student,
    "data": _data,
    "teacher": _teacher,
    "machine": _machine,
}
"""By name, in the order of the tabs; what has a word in it is looked for in all of them."""


def _teacher_field() -> None:
    """Choose between a teacher trained for each seed and an earlier run of this store."""
    labels = state.teachers(state.current())
    now = state.earlier_teacher()
    options = ["", *labels, *([now] if now and now not in labels else [])]
    st.session_state["teacher_run"] = now
    st.selectbox(
        t("race.teacher_run"),
        options,
        format_func=lambda run: labels.get(run, run) if run else t("race.teacher_each_seed"),
        key="teacher_run",
        help=t("race.teacher_run_help"),
        on_change=lambda: link.put(teacher_run=st.session_state["teacher_run"]),
    )


def _schedules(recipe: Recipe, fields: _Fields) -> None:
    from kd_core.recipe import AnySchedule

    rules = [member_text.name(kind) for kind in get_args(get_args(AnySchedule)[0])]
    for name in sorted(lane_fields(type(recipe.method)) & {"temperature", "teacher_weight"}):
        path = f"schedules.{name}"
        schedule = recipe.schedules.get(name)
        now = "constant" if schedule is None else _name(schedule)
        fields.part(path.replace(".", "_"))
        fields.member(path, now, rules, "schedule", "schedules")
        if schedule is not None:
            fields.settings(schedule, path, f"schedules.{now}", without=("name",))


def _name(owner: object) -> str:
    return str(getattr(owner, "name", ""))
