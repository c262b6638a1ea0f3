"""Links from anybody: what cannot be used is told in a sentence and dropped, and nothing in one ever raises."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from kd_core.errors import KDError
from kd_core.recipe import PRESETS
from kd_core.settings import parse_value, read_axis
from pages.parts.app import link, link_checks, view_state
from pages.parts.form import state
from pages.parts.text import i18n
from tests.pages.conftest import App

SECONDS = 4
"""How long the fuzzer goes on; its first links are always the same ones."""


class Query(dict[str, str]):
    """The address, as far as a link uses it."""

    def to_dict(self) -> dict[str, str]:
        return dict(self)

    def from_dict(self, wanted: Mapping[str, str]) -> None:
        self.clear()
        self.update(wanted)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Give a function that opens a session on a link."""
    monkeypatch.setenv("KD_HOME", str(tmp_path))
    monkeypatch.setattr(i18n, "browser_language", lambda: "en")

    def start(given: Mapping[str, str]) -> dict[str, Any]:
        monkeypatch.setattr(st, "session_state", {})
        monkeypatch.setattr(st, "query_params", Query(given))
        link.begin()
        return st.session_state  # type: ignore[return-value]

    yield start


def refused(opened: Mapping[str, Any]) -> dict[str, str]:
    return dict(opened.get("link_refused", {}))


FOREIGN = "a link may only name folders that were uploaded here; choose the folder yourself."


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("data.source.path", "\0", "it is too long, or holds what is no text."),
        ("data.source.path", "\ud800", "it is too long, or holds what is no text."),
        ("data.source.path", "~nobodyx", FOREIGN),
        ("data.source.path", "a" * 4000, FOREIGN),
        ("data.source.path", "a" * 4001, "it is too long, or holds what is no text."),
        ("data.source.path", "5", FOREIGN),
        ("data", '{"source": [{"path": "/etc"}]}', FOREIGN),
        ("language", "xx", "'xx' is none of: en, zh."),
        ("seeds", "2.7", "'2.7' is not a whole number from 1 to 100."),
        ("seeds", "0", "'0' is not a whole number from 1 to 100."),
        ("cell", "1e3", "'1e3' is not a whole number of at least 0."),
        ("sample", "-1", "'-1' is not a whole number of at least 0."),
        ("epoch", "0", "'0' is not a whole number of at least 1."),
        ("random", "1", "'1' is not a whole number of at least 2."),
        ("points", "٣", "'٣' is not a whole number of at least 2."),
        ("axis", "lin", "'lin' is none of: linear, log. Did you mean 'linear'?"),
        ("convention", "mine", "'mine' is none of: teacher, labels."),
        ("T", "hot", "a view temperature is a number from 0.5 to 100, or inf, not 'hot'."),
        ("preset", "a b", "there is no preset 'a b'; the default is shown."),
        ("techniques", "a;b", "no technique here is called a;b"),
        ("x", "[=1", "'[' is no setting of this preset that can be an axis."),
        ("y", "=1", "'' is no setting of this preset that can be an axis."),
        ("v", "99", "it is from version 99; this is 1."),
        ("colour", "red", "'colour' is not a part of a link."),
        ("methd.temperature", "3", "'methd.temperature' is not a part of a link."),
        ("sedes", "3", "'sedes' is not a part of a link. Did you mean 'seeds'?"),
    ],
)
def test_what_cannot_be_used_is_told_and_dropped(session: Any, part: str, value: str, sentence: str) -> None:
    opened = session({part: value, "epoch" if part != "epoch" else "sample": "3"})
    assert [reason for _, reason in refused(opened)] == [sentence]
    assert (part not in opened["link"] and part not in st.query_params) or part == "v"
    assert opened["link"] == {"epoch" if part != "epoch" else "sample": "3"}, "the rest of the link holds"


@pytest.mark.parametrize("part", ["study", "studies", "teacher_run"])
def test_an_id_that_no_store_gives_is_told_and_dropped(session: Any, part: str) -> None:
    opened = session({part: "../../etc/passwd"})
    assert next(iter(refused(opened)))[0] == part and "'../../etc/passwd'" in next(iter(refused(opened)))[1]
    assert opened["link"] == {}


def test_every_part_of_a_link_refuses_something() -> None:
    usable = {name: check for name, check in link_checks.PARTS.items() if check("\\[ \n") == ""}
    assert usable == {}


def test_a_link_to_an_upload_that_is_gone_says_so(session: Any, tmp_path: Path) -> None:
    there = tmp_path / "uploads" / "pets-1"
    there.mkdir(parents=True)
    source = {"name": "image_folder", "path": str(there)}
    for part, value in (("data.source.path", str(there)), ("data.source", json.dumps(source))):
        assert session({part: value})["link"] == {part: value}
    there.rmdir()
    opened = session({"data.source.path": str(there)})
    assert [reason for _, reason in refused(opened)] == ["the upload 'pets-1' is not here any more; upload it again."]
    assert opened["link"] == {}


def test_a_folder_is_judged_as_it_will_be_read(session: Any, tmp_path: Path) -> None:
    # As a path this lies in the uploads; read as JSON, as a setting is, it leads out of them.
    (tmp_path / "uploads").mkdir()
    steps = len(Path.cwd().parts)
    hidden = f'"{"/.." * steps}{tmp_path}/uploads/x\\u002f..\\u002f..\\u002f.."'
    assert Path(hidden).resolve().is_relative_to(tmp_path / "uploads")
    assert not Path(parse_value(hidden)).resolve().is_relative_to(tmp_path / "uploads")
    opened = session({"data.source.path": hidden})
    assert opened["link"] == {} and [reason for _, reason in refused(opened)] == [FOREIGN]


def test_a_thousand_unknown_parts_are_refused_in_one_sentence(session: Any) -> None:
    opened = session({f"part{index}": "1" for index in range(1000)})
    assert list(refused(opened)) == [("part0, part1, part2, …", "no link has these 1000 parts.")]
    assert opened["link"] == {}


def test_a_thousand_settings_are_not_tried_one_by_one(session: Any) -> None:
    opened = session({f"method.s{index}": "1" for index in range(1000)})
    assert [reason for _, reason in refused(opened)] == [
        "these 800 settings are more than the 200 that a link may change."
    ]
    assert len(opened["link"]) == 200


def test_many_refusals_share_one_sentence_with_a_count(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, **{"seeds": "2.7", "cell": "x", "random": "x", "points": "x", "axis": "x"})
    told = [box.value.replace("\\", "").replace("\N{WORD JOINER}", "") for box in page.warning]
    assert len(told) == 1
    assert told[0].startswith("5 parts of the link were not used: 'seeds' ('2.7' is not a whole number")
    assert told[0].endswith("and 2 more.")


@pytest.mark.parametrize("value", ["\0", "~nobodyx", "[" * 5000, "a" * 4000])
@pytest.mark.parametrize("part", ["data.source.path", "method", "study", "x"])
def test_a_page_lives_whatever_its_link_says(app: App, tmp_path: Path, warm: None, part: str, value: str) -> None:
    page = app(tmp_path, **{part: value})
    assert not page.exception
    assert part not in page.query_params


PIECES = (
    "0", "-1", "1e999", "NaN", "Infinity", "9" * 400, "2.7", "true", "none", "~", "~nobodyx", "/etc", "..", "\0",
    "\ud800", '"\\ud800"', "[", "[" * 3000, "{", '{"name": ', '"mlp"', '"soft_targets"', '{"name": ["x"]}', "[[[1]]]",
    "}", "]", ",", "=", "..", " log", "1..2", "1,2,4", "a" * 4000, "猫", "\u202e", "%00", "{0}", "{reason}", "$a$",
    '{"path": "\\u0000"}', '{"source": {"name": "image_folder", "path": "/etc"}}', "null", '""', "٣", "\n", " ",
    '[{"name": "mlp", "widths": [1e9]}]', "1_000", "+5", "0x10", "soft_targets", "method.temperature", "digits",
)  # fmt: skip
NAMES = (
    *link_checks.PARTS, *link_checks.SETTINGS, "v", "method.temperature", "method.name", "data.source", "data.labelled",
    "data.dropped_classes", "data.source.path", "teacher.optim.lr", "optim.epochs", "optim.lr_of_teacher",
    "schedules.temperature", "schedules.x", "student.widths", "student.width", "protocol.networks", "others.0",
    "method..", ".", "..", "a.b.c.d", "", "\0", "colour", "teacher.teacher.teacher", "data.source.content",
)  # fmt: skip


def any_link(draws: random.Random) -> dict[str, str]:
    """Return a link of a few parts, each name or value a known one, pieces of several, or damaged."""

    def text() -> str:
        joined = "".join(draws.choice(PIECES) for _ in range(draws.choice((1, 1, 1, 2, 3))))
        if draws.random() < 0.2 and joined:
            at = draws.randrange(len(joined))
            joined = joined[:at] + chr(draws.randrange(0x3000)) + joined[at + 1 :]
        return joined

    names = [draws.choice(NAMES) if draws.random() < 0.9 else text()[:50] for _ in range(draws.randint(1, 5))]
    return {name: text() for name in names}


def read_everything() -> None:
    """Ask all that pages ask of a link."""
    state.preset_name()
    state.seeds()
    state.current()
    view_state.view_temperature()
    view_state.view_axis()
    view_state.sample_index(360)
    view_state.epoch_shown((0, 1, 2))
    link.number("cell", 0, 0, 3)
    link.number("random", 30, 2, 1000)
    link.number("points", 8, 2, 50)
    for name in ("x", "y"):
        path, _, values = link.get(name).partition("=")
        _or_sentence(lambda path=path, values=values: read_axis(path, values))


def _or_sentence(action: Any) -> None:
    try:
        action()
    except KDError as error:
        assert str(error) and i18n.error_text(error)


def test_no_link_raises(session: Any) -> None:
    draws, until = random.Random(20), time.monotonic() + SECONDS
    base = PRESETS["digits"].recipe
    for turn in range(100_000):
        given = any_link(draws)
        try:
            opened = session(given)
            read_everything()
            for name, value in given.items():
                parsed = parse_value(value)
                _or_sentence(lambda name=name, parsed=parsed: base.changed({name: parsed}))
            for part, reason in refused(opened):
                part.encode(), reason.encode()
        except Exception as error:
            pytest.fail(f"turn {turn}, {given!r}: {type(error).__name__} {error}"[:2000])
        if turn >= 200 and time.monotonic() > until:
            return
