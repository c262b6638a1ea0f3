"""A setting in words: its name on an axis, and its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic.fields import FieldInfo

from kd_core.settings import Settings, at_path, field_extra, format_value
from pages.parts.text.i18n import declared_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe


SECTIONS: Final = {"method": "methods", "student": "networks", "source": "datasets"}


@dataclass(frozen=True)
class AxisWords:
    """How an axis is called, ``title`` without and ``full`` with its unit, and whether its steps are factors."""

    title: str
    full: str
    log: bool = False


def axis_words(recipe: Recipe, path: str) -> AxisWords:
    """Return how an axis is called in the reader's language; a path that is not declared is called by itself."""
    part, _, name = path.rpartition(".")
    try:
        owner = at_path(recipe, part) if part else recipe
    except AttributeError:
        return AxisWords(path, path)
    if name == "width" and "widths" in type(owner).model_fields:
        title, unit, log = t("sweep.width"), "units", True
    else:
        info = type(owner).model_fields.get(name)
        if info is None:
            return AxisWords(path, path)
        title = setting_title(section_of(part, owner), name, info)
        unit, log = field_extra(info).get("unit", ""), field_extra(info).get("scale") == "log"
    if part.startswith("teacher."):
        title = f"{t('race.part.' + part.replace('.', '_'))}: {title}"
    return AxisWords(title, with_unit(title, unit), log)


def setting_title(words: str, name: str, info: FieldInfo) -> str:
    """Return what a setting is called.

    Args:
        words: the catalogue's prefix, e.g. "methods.soft_targets".
        name: the field's name.
        info: its declaration.
    """
    return declared_text(f"{words}.{name}.title", info.title or name.replace("_", " "))


def setting_label(words: str, name: str, info: FieldInfo) -> str:
    """Return what a setting is called, with its unit."""
    return with_unit(setting_title(words, name, info), field_extra(info).get("unit", ""))


def setting_description(words: str, name: str, info: FieldInfo) -> str | None:
    """Return the sentence that explains a setting, or None."""
    return declared_text(f"{words}.{name}.description", info.description or "") or None


def with_unit(text: str, unit: str) -> str:
    """Return words with a declared unit behind them."""
    return f"{text} ({declared_text(f'units.{unit}', unit)})" if unit else text


def path_title(path: str, recipe: Mapping[str, Any]) -> str:
    """Return what a recipe path is called, as far as the catalogue has words for it.

    Args:
        path: e.g. "teacher.optim.lr", or the part of a study such as "seeds".
        recipe: as JSON, one in which the path may stand.
    """
    own = path.removeprefix("teacher.")
    title = _own_title(own, recipe)
    return f"{t('roles.teacher')}: {title}" if own != path else title


def _own_title(path: str, recipe: Mapping[str, Any]) -> str:
    part, _, field = path.partition(".")
    if not field:
        return t(f"compare.part_{part}") if part in ("method", "student", "protocol", "seeds", "device") else path
    if path == "data.source":
        return t("compare.part_source")
    words = field.replace("source.", "").replace("_", " ").replace(".", " · ")
    section = f"{SECTIONS[part]}.{recipe[part]['name']}" if part in SECTIONS else part
    return declared_text(f"{section}.{field}.title", words[0].upper() + words[1:])


def value_text(value: Any) -> str:
    """Return an axis's value as it stands beside the map."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return t("form.empty") if value is None else format_value(value)
    return f"{value:g}"


def section_of(part: str, owner: Settings) -> str:
    last = part.split(".")[-1]
    return f"{SECTIONS[last]}.{getattr(owner, 'name', '')}" if last in SECTIONS else last or "recipe"
