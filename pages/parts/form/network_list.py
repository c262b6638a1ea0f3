"""Further networks of a recipe as one line of text: "mlp 300-300, conv 16-32 fc=64"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kd_core.errors import InvalidSetting
from kd_core.settings import Settings, field_kind, format_value, name_of, parse_value
from pages.parts.text import MISSING, t

SHORT = {"conv": "convnet", "cnn": "convnet"}
_SIZES = re.compile(r"\d+([-x×]\d+)*")


def written_networks(networks: Sequence[Settings]) -> str:
    """Return networks as text that ``read_networks`` reads back: family, sizes, and what else is not as usual."""
    return ", ".join(_written(network) for network in networks)


def read_networks(text: str) -> list[dict[str, Any]]:
    """Return the networks that a text names, as JSON; the recipe checks their values.

    Raises:
        InvalidSetting: with a sentence on the first thing that is no network.
    """
    parts = [part.strip() for part in re.split(r"[,，、;；\n]", text)]
    return [_read(part) for part in parts if part]


def _written(network: Settings) -> str:
    sizes = _sizes_field(type(network))
    words = [name_of(network)]
    for name, info in type(network).model_fields.items():
        value = getattr(network, name)
        if name == sizes:
            words.append("-".join(map(str, value)))
        elif name != "name" and value != info.default:
            words.append(f"{name}={format_value(value)}")
    return " ".join(words)


def _read(part: str) -> dict[str, Any]:
    from kd_core.networks import NETWORKS

    family, *words = part.split()
    family = SHORT.get(family.lower(), family.lower())
    if family not in NETWORKS:
        raise _refused(part, t("protocol_view.no_network", known=", ".join(NETWORKS)))
    network: dict[str, Any] = {"name": family}
    sizes = _sizes_field(NETWORKS[family])
    for word in words:
        name, equals, value = word.partition("=")
        if sizes and _SIZES.fullmatch(word):
            network[sizes] = [int(size) for size in re.split(r"\D", word)]
        elif equals and name in NETWORKS[family].model_fields.keys() - {"name", sizes}:
            network[name] = parse_value(value)
        else:
            raise _refused(part, t("protocol_view.no_size", word=word, settings=_settings(NETWORKS[family])))
    return network


def _sizes_field(kind: type[Settings]) -> str:
    """Return the setting that lists a family's layers, or nothing: it is written with dashes."""
    return next((name for name, info in kind.model_fields.items() if field_kind(info.annotation) == "numbers"), "")


def _settings(kind: type[Settings]) -> str:
    fields: Mapping[str, Any] = kind.model_fields
    shown = ["12-12"] if _sizes_field(kind) else []
    shown += [f"{name}={fields[name].default}" for name in fields if name not in ("name", _sizes_field(kind))]
    return ", ".join(shown) or MISSING


def _refused(part: str, reason: str) -> InvalidSetting:
    return InvalidSetting(path="others", value=f"'{part[:40]}'", reason=reason)
