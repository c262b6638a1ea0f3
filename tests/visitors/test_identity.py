"""Who a cookie says that a visitor is, and what nobody can forge."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kd_core.errors import InvalidSetting, StoreUnusable, UnknownName
from kd_core.visitors import Identity, Visitor, read_mode, read_waiting


def classroom(home: Path, lecturer: str = "chalk") -> Identity:
    return Identity(home, "class", lecturer)


def test_a_cookie_names_its_visitor_on_every_server_of_the_store(tmp_path: Path) -> None:
    first, second = classroom(tmp_path), classroom(tmp_path)
    visitor = first.newcomer()
    assert second.read(first.cookie(visitor)) == visitor
    assert not visitor.oversees
    assert first.cookie_name == second.cookie_name
    assert first.newcomer() != visitor


def test_the_lecturer_oversees_as_long_as_the_secret_is_the_same(tmp_path: Path) -> None:
    here = classroom(tmp_path)
    lecturer = here.visitor("0123", lecturer=True)
    cookie = here.cookie(lecturer)
    assert here.read(cookie) == Visitor("0123", oversees=True)
    assert classroom(tmp_path, "another").read(cookie) is None
    assert here.is_secret(" chalk ")
    assert not any(here.is_secret(text) for text in ("", "Chalk", "chalk1", "粉笔"))


def test_nobody_becomes_somebody_else_by_changing_a_cookie(tmp_path: Path) -> None:
    here = classroom(tmp_path)
    visitor, role, signature = here.cookie(here.visitor("0123")).split(".")
    forged = [
        f"0124.{role}.{signature}",
        f"{visitor}.l.{signature}",
        f"{visitor}.x.{signature}",
        f"{visitor}.{role}.{signature[:-1]}{'1' if signature.endswith('0') else '0'}",
        f"{visitor}.{role}.",
        f"{visitor}.{role}",
        "",
        "...",
        "é.v.ü",
        "a\x00b.v.c",
    ]
    assert [here.read(cookie) for cookie in forged] == [None] * 10
    assert classroom(tmp_path / "other").read(f"{visitor}.{role}.{signature}") is None
    assert classroom(tmp_path / "other").cookie_name != here.cookie_name


def test_alone_on_a_machine_everybody_may_change_everything_and_is_no_lecturer_elsewhere(tmp_path: Path) -> None:
    alone = Identity(tmp_path, "solo", "chalk")
    cookie = alone.cookie(alone.newcomer())
    assert (visitor := alone.read(cookie)) is not None and visitor.oversees
    assert (later := classroom(tmp_path).read(cookie)) is not None and not later.oversees


def test_who_signs_in_is_the_same_visitor_in_every_browser(tmp_path: Path) -> None:
    here = classroom(tmp_path)
    assert here.signed_in("ann", "https://one") == here.signed_in("ann", "https://one")
    assert here.signed_in("ann", "https://one") != here.signed_in("ann", "https://two")
    assert not here.signed_in("ann").oversees


def test_servers_that_start_together_agree_on_one_key_and_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as servers:
        started = list(servers.map(lambda _: Identity(tmp_path, "class"), range(16)))
    assert len({(server.key, server.secret) for server in started}) == 1
    assert len(started[0].key) == 64 and len(started[0].secret) >= 12
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == ["lecturer.txt", "visitors.key"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    Identity(tmp_path, "class")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()} == {0o600}


def test_a_store_that_cannot_keep_a_key_says_so(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("in the way")
    with pytest.raises(StoreUnusable):
        Identity(tmp_path, "class")


def test_the_mode_is_named_by_the_environment_and_an_unknown_one_is_told() -> None:
    assert [read_mode({}), read_mode({"KD_MODE": ""}), read_mode({"KD_MODE": "class"})] == ["solo", "solo", "class"]
    with pytest.raises(UnknownName, match=r"no mode named 'clas'.*solo, class"):
        read_mode({"KD_MODE": "clas"})


def test_how_many_may_wait_is_a_number() -> None:
    assert [read_waiting({}), read_waiting({"KD_WAITING": ""}), read_waiting({"KD_WAITING": "7"})] == [3, 3, 7]
    for wrong in ("abc", "0", "-1", "2.5"):
        with pytest.raises(InvalidSetting, match="KD_WAITING"):
            read_waiting({"KD_WAITING": wrong})
