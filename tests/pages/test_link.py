"""Links from anybody: what cannot be used is told and dropped, and nothing that is written in one raises."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.app import link_checks

PARTS = [*link_checks.PARTS, "v"]
SETTINGS = [
    "method",
    "protocol",
    "data.source",
    "data.source.path",
    "optim.epochs",
    "student.widths",
    "teacher",
    "others",
]
NASTY = [
    "",
    "\0",
    "%00",
    "~nobodyx",
    "~",
    "../../etc/passwd",
    "/dev/stdin",
    "x" * 5_000,
    "/" + "a/" * 2_000,
    "[" * 5_000,
    '{"name":' * 500,
    "{'a': 1",
    "nan",
    "-inf",
    "1e999",
    "1e-999",
    "2.7",
    "-1",
    "９９",
    "null",
    "true",
    "[[],{}]",
    '{"name": "image_folder", "path": "/etc"}',
    '{"name": "image_folder", "path": 7}',
    '{"name": "nobody"}',
    '{"path": "\\u0000"}',
    "**b** [l](x) $a$",
    "<script>",
    "猫",
    "a" * 41,
    ",,,",
    "x=,,,=",
    "0..1..2 log",
]


def readers() -> None:
    """Everything that reads a link, as pages do."""
    import streamlit as st

    from pages.parts.app import errors, link, view_state
    from pages.parts.form import state
    from pages.parts.studies import current_study
    from pages.parts.text import language

    with errors.error_boundary():
        link.begin()
        link.number("cell", 0, 0, 5)
        view_state.view_temperature(), view_state.view_axis(), view_state.sample_index(10), view_state.epoch_shown({3})
        current_study()
        st.text(f"{language()} {state.preset_name()} {state.seeds()} {state.current().fingerprint()}")
        link.show_refused()


def opened(home: Path, monkeypatch: pytest.MonkeyPatch, **parts: str) -> AppTest:
    from pages.parts.app import engine

    monkeypatch.setenv("KD_HOME", str(home))
    engine.store.cache_clear()
    page = AppTest.from_function(readers, default_timeout=30)
    for name, value in parts.items():
        page.query_params[name] = value
    return page.run()


def test_no_link_raises_and_each_leaves_a_usable_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(4)
    for _ in range(60):
        names = chance.sample([*PARTS, *SETTINGS, "unknown", "a.b", "method.", ".x", "método"], chance.randint(1, 6))
        parts = {name: chance.choice(NASTY) for name in names}
        page = opened(tmp_path, monkeypatch, **parts)
        assert not page.exception, (parts, page.exception)
        assert page.text, (parts, [error.value for error in page.error])


@pytest.mark.parametrize("part", link_checks.PARTS)
def test_every_part_refuses_what_it_cannot_use_and_forgets_it(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(tmp_path, monkeypatch, **{part: "<no such thing>"})
    assert not page.exception
    assert [one.value for one in page.warning], part
    assert part not in page.query_params


@pytest.mark.parametrize(
    ("part", "value"), [("language", "xx"), ("seeds", "2.7"), ("seeds", "0"), ("axis", "polar"), ("T", "-3")]
)
def test_values_that_are_nearly_right_are_refused_and_not_rounded(
    part: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(tmp_path, monkeypatch, **{part: value})
    assert len(page.warning) == 1 and value in page.warning[0].value.replace("\\", "")
    assert part not in page.query_params


def test_a_thousand_unknown_parts_are_told_in_one_sentence_with_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(tmp_path, monkeypatch, **{f"p{number}": "1" for number in range(1_000)})
    assert len(page.warning) == 1
    assert "1000" in page.warning[0].value.replace(",", "").replace("\\", "")


def test_an_unknown_part_names_the_known_one_that_is_most_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(tmp_path, monkeypatch, sedes="3")
    assert "seeds" in page.warning[0].value


def test_a_link_to_an_upload_that_is_gone_says_so_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = f'{{"name": "image_folder", "path": "{tmp_path}/uploads/cats"}}'
    page = opened(tmp_path, monkeypatch, **{"data.source": source})
    assert "cats" in page.warning[0].value and "upload it again" in page.warning[0].value
    assert "data.source" not in page.query_params


def test_what_is_no_text_is_refused_before_anything_looks_at_it() -> None:
    for part in (*link_checks.PARTS, "method", "data.source.path"):
        for value in ("\ud800", "a\0b", "x" * 4_001):
            assert "too long" in link_checks.reason_against(part, value), (part, value[:5])
