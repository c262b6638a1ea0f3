"""Every string on the screen, in the reader's language, from one catalogue."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from kd_core.errors import KDError, Reason, reasons_json
from kd_core.settings import json_leaves

LANGUAGES = {"en": "English", "zh": "中文"}
_FOLDER = Path(__file__).parents[3] / "assets" / "texts"


_WORDS = {"kind": "kinds", "status": "status"}
"""Fields of errors that hold a word, by the section of the catalogue that has it."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the texts of one language by dotted key."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return {key: str(text) for key, text in json_leaves(tomllib.load(file))}


_spoken: ContextVar[str] = ContextVar("spoken", default="")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language inside a block, for what is written outside of a session: a file, when somebody fetches it."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def language() -> str:
    """Return the language of this session: the link's, or the browser's."""
    if spoken := _spoken.get():
        return spoken
    asked = st.session_state.get("link", st.query_params).get("language")
    return str(asked) if asked in LANGUAGES else browser_language()


def browser_language() -> str:
    """Return the language that the reader's browser asks for, as far as we speak it."""
    return "zh" if (st.context.locale or "").startswith("zh") else "en"


def t(key: str, **fields: object) -> str:
    """Return a text by its key, with ``{fields}`` filled in; English where the language has none."""
    text = catalogue(language()).get(key) or catalogue("en").get(key) or key
    return text.format(**fields) if fields else text


def declared_text(key: str, english: str) -> str:
    """Return the words of something declared in the engine: its own English, or the catalogue's translation.

    Settings that several members share have their words once, as those of ``<section>.every``.
    """
    if language() == "en":
        return english
    texts = catalogue(language())
    return texts.get(key) or texts.get(shared_key(key), english)


def shared_key(key: str) -> str:
    """Return the key under which members of a section share the words of a setting."""
    section, _, *rest = key.split(".")
    return ".".join([section, "every", *rest])


def texts_of(section: str, keys: tuple[str, ...]) -> dict[str, str]:
    """Return the texts of a component, by their short keys."""
    return {key: t(f"{section}.{key}") for key in keys}


def error_text(error: KDError | dict[str, Any]) -> str:
    """Return an error's sentence in the reader's language, from the error itself or from what the store kept of it.

    What the store tells of itself, which is no error, has the same form.
    """
    if isinstance(error, KDError):
        error = {
            "code": error.code,
            "fields": error.fields,
            "sentence": str(error),
            "reasons": reasons_json(error.fields),
        }
    texts = catalogue(language())
    template = texts.get(f"errors.{error['code']}") or texts.get(f"reasons.{error['code']}")
    return _filled(template, error) if template else str(error["sentence"])


def reason_text(reason: str) -> str:
    """Return a reason in the reader's language; a text without a code is one already."""
    if not isinstance(reason, Reason):
        return reason
    words = catalogue(language()).get(f"reasons.{reason.code}")
    told = {"fields": reason.fields, "reasons": reasons_json(reason.fields)}
    return _filled(words, told) if words else str(reason)


def _filled(template: str, told: Mapping[str, Any]) -> str:
    """Fill in the fields of an error or reason, the words among them translated; what was stored without, as it is."""
    texts = catalogue(language())
    fields = defaultdict(str, told["fields"])  # one of an earlier version has fewer
    for name in _WORDS.keys() & fields.keys():
        fields[name] = texts.get(f"{_WORDS[name]}.{str(fields[name]).replace(' ', '_')}", fields[name])
    for name, reason in told.get("reasons", {}).items():
        words = texts.get(f"reasons.{reason['code']}") or texts.get(f"errors.{reason['code']}")
        fields[name] = _filled(words, reason) if words else fields[name]
    return template.format_map(fields)
