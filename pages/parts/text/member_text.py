"""Words of the engine's members: title, text and settings in the reader's language, from their declarations."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, get_args

from pydantic.fields import FieldInfo

from kd_core.settings import Settings, field_extra, field_kind, limits_of
from pages.parts.text.i18n import declared_text, t
from pages.parts.text.setting_text import setting_description, setting_title

_ACRONYMS = {"mse", "mlp", "kd"}


def members(section: str) -> Mapping[str, type[Settings]]:
    """Return the members of a catalogue's section, such as "methods", by name."""
    from kd_core.datasets import DATASETS
    from kd_core.methods import METHODS
    from kd_core.networks import NETWORKS
    from kd_core.protocols import PROTOCOLS
    from kd_core.recipe import AnySchedule

    schedules = {name(kind): kind for kind in get_args(get_args(AnySchedule)[0])}
    registries: dict[str, Mapping[str, type[Settings]]] = {
        "datasets": DATASETS,
        "methods": METHODS,
        "networks": NETWORKS,
        "protocols": PROTOCOLS,
        "schedules": schedules,
    }
    return registries[section]


def title(section: str, member: type[Settings]) -> str:
    """Return what a member is called, with the literature's short name behind it, e.g. "Decoupled (DKD)"."""
    plain, short = plain_title(section, member), getattr(member, "abbreviation", "")
    return t("methods_page.abbreviated", title=plain, short=short) if short else plain


def title_of(section: str, name: str) -> str:
    """Return what the member of a name is called; one of another version by its name."""
    kinds = members(section)
    return title(section, kinds[name]) if name in kinds else name.replace("_", " ")


def plain_title(section: str, member: type[Settings]) -> str:
    """Return a member's title alone: the catalogue's, else its own, else its name in words."""
    return declared_text(f"{section}.{name(member)}.title", own_title(member))


def own_title(member: type[Settings]) -> str:
    """Return a member's title in English: its own, else its name in words."""
    words = [word.upper() if word in _ACRONYMS else word for word in name(member).split("_")]
    in_words = " ".join(words)
    return str(getattr(member, "title", "") or in_words[0].upper() + in_words[1:])


def summary(section: str, member: type[Settings]) -> str:
    """Return the first line of a member's docstring."""
    return declared_text(f"{section}.{name(member)}.summary", _paragraphs(member)[0])


def text(section: str, member: type[Settings]) -> str:
    """Return what a member's docstring says after its first line, as Markdown."""
    english = "\n\n".join(_paragraphs(member)[1:])
    return declared_text(f"{section}.{name(member)}.text", english) if english else ""


def setting_rows(section: str, member: type[Settings]) -> list[dict[str, str]]:
    """Return one row per setting: its title, default, range and meaning, and its name on the command line."""
    return [
        _setting_row(f"{section}.{name(member)}", field, info)
        for field, info in member.model_fields.items()
        if field != "name"
    ]


def name(member: type[Settings]) -> str:
    """Return a member's name in its registry."""
    return str(member.model_fields["name"].default)


def written_range(info: FieldInfo) -> str:
    """Return which values a setting allows, e.g. "0 < x ≤ 1000" or "forward, reverse"."""
    if field_kind(info.annotation) == "choice":
        return ", ".join(_value(choice) for choice in get_args(info.annotation))
    if field_kind(info.annotation) == "bool":
        return f"{_value(True)}, {_value(False)}"
    limits = limits_of(info)
    low = "" if limits.low is None else f"{limits.low:g} {'<' if limits.low_excluded else '≤'} "
    high = "" if limits.high is None else f" {'<' if limits.high_excluded else '≤'} {limits.high:g}"
    return f"{low}x{high}" if low or high else ""


def _setting_row(words: str, field: str, info: FieldInfo) -> dict[str, str]:
    unit = field_extra(info).get("unit", "")
    default = t("methods_page.required") if info.is_required() else _value(info.default)
    return {
        "setting": setting_title(words, field, info),
        "default": f"{default} {declared_text(f'units.{unit}', unit)}".strip() if unit else default,
        "range": written_range(info),
        "meaning": setting_description(words, field, info) or "",
        "name": field,
    }


def _value(value: Any) -> str:
    if value is None:
        return t("methods_page.empty")
    if isinstance(value, bool):
        return declared_text(f"choices.{str(value).lower()}", "yes" if value else "no")
    if isinstance(value, str):
        return declared_text(f"choices.{value}", value.replace("_", " "))
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value)
    return f"{value:g}"


def _paragraphs(member: type[Settings]) -> list[str]:
    """Return a docstring's paragraphs without its sections, each on one line, with Markdown's code marks."""
    paragraphs = (inspect.getdoc(member) or name(member)).replace("``", "`").split("\n\n")
    shown = [text for text in paragraphs if not text.startswith(("Args:", "Source:", "Raises:"))]
    return [" ".join(text.split()) for text in shown]
