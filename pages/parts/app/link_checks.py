"""What each part of a link may say, checked before anything looks at it: a link comes from anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from kd_core.errors import KDError, nearest_hint
from kd_core.logit_losses import LossForm, changed_form
from kd_core.settings import parse_value
from kd_core.store import default_home
from pages.parts.charts import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, is_view_temperature
from pages.parts.text import LANGUAGES, error_text, reason_text, t

MOST_LETTERS: Final = 4000
MOST_SETTINGS: Final = 200
MOST_SHOWN: Final = 40
"""Letters of somebody else's text inside a sentence."""

SETTINGS: Final = ("method", "protocol", "student", "others", "data", "teacher", "optim", "start", "schedules", "seed")
"""The parts of a recipe: each may stand in a link by itself or with a path below it."""

GIVEN: Final = ("given_weights", "given_logits")
"""Settings that name a file, by its path alone or with more beside it."""

Check = Callable[[str], str]
"""Returns why a value is not taken, or nothing."""


def reason_against(name: str, value: str) -> str:
    """Return why a known part of a link is not taken, in the reader's language, or nothing."""
    if len(value) > MOST_LETTERS or not _is_text(value):
        return t("link.unreadable")
    return PARTS[name](value) if name in PARTS else _against_folders(name, value)


def unknown_reason(names: Collection[str]) -> str:
    """Return the sentence on parts that no link has; of a single one with the known part that is most like it."""
    first = next(iter(names))
    if len(names) > 1:
        return t("link.unknown_parts", n=len(names))
    hint = nearest_hint(first, [*PARTS, *SETTINGS])
    return t("link.unknown_part", part=shortened(first)) + reason_text(hint)


def is_known(name: str) -> bool:
    """Tell whether links have a part of that name; whether the recipe has such a setting is its own affair."""
    return name in PARTS or is_setting(name)


def is_setting(name: str) -> bool:
    """Tell whether a part of a link is a changed setting: a part of a recipe, or a path below one."""
    return name.split(".")[0] in SETTINGS and re.fullmatch(r"\w[\w-]*(\.\w[\w-]*)*", name, re.ASCII) is not None


def shortened(text: str) -> str:
    """Return somebody else's text as far as it belongs into a sentence."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: MOST_SHOWN + 1])
    return shown if len(text) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeError:
        return False
    return "\0" not in value


def _one_of(known: Collection[str]) -> Check:
    def check(value: str) -> str:
        if value in known:
            return ""
        hint = reason_text(nearest_hint(value, known))
        return t("link.no_choice", value=shortened(value), known=", ".join(known)) + hint

    return check


def _whole(low: int = 0, high: int | None = None) -> Check:
    def check(value: str) -> str:
        if re.fullmatch(r"\d{1,9}", value, re.ASCII) and low <= int(value) and (high is None or int(value) <= high):
            return ""
        if high is None:
            return t("link.not_whole", value=shortened(value), low=low)
        return t("link.no_whole_number", value=shortened(value), low=low, high=high)

    return check


def _against_temperature(value: str) -> str:
    try:
        usable = is_view_temperature(float(value))
    except ValueError:
        usable = False
    low, high = f"{LOWEST_TEMPERATURE:g}", f"{HIGHEST_TEMPERATURE:g}"
    return "" if usable else t("soft_labels.refused_temperature", value=shortened(value), low=low, high=high)


def _against_study(value: str) -> str:
    return "" if _ids(value) and "," not in value else t("link.no_study", study=shortened(value))


def _against_studies(value: str) -> str:
    return "" if _ids(value) else t("link.no_study", study=shortened(value))


def _ids(value: str) -> bool:
    return re.fullmatch(r"[\w-]{1,40}(,[\w-]{1,40})*,?", value, re.ASCII) is not None


def _against_preset(value: str) -> str:
    return "" if re.fullmatch(r"[\w.-]{1,80}", value) else t("link.no_preset", preset=shortened(value))


def _against_techniques(value: str) -> str:
    usable = re.fullmatch(r"[\w:,-]+", value, re.ASCII)
    return "" if usable else t("method_race.unknown_techniques", names=shortened(value))


def _against_network(value: str) -> str:
    usable = re.fullmatch(r"[a-z]{1,20}\.\d{1,9}", value, re.ASCII)
    return "" if usable else t("inspect.unreadable_network", value=shortened(value))


def _against_pick(value: str) -> str:
    usable = re.fullmatch(r"[a-z]{1,12}(:[\w.-]{1,3800}){1,3}", value, re.ASCII)
    return "" if usable else t("inspect.no_pick", value=shortened(value))


def _against_axis(value: str) -> str:
    path = value.partition("=")[0]
    return "" if re.fullmatch(r"\w[\w.-]{0,79}", path, re.ASCII) else t("sweep.no_axis", path=shortened(path))


def _against_loss(value: str) -> str:
    """Refuse a form of a loss that no run can have; what it differs from is known on its page."""
    try:
        changed_form(LossForm(), value)
    except KDError as error:
        return error_text(error)
    return ""


def _against_own(value: str) -> str:
    return "" if re.fullmatch(r"[0-9a-f]{16}", value, re.ASCII) else t("own_logits.not_here")


PARTS: Final[Mapping[str, Check]] = {
    "language": _one_of(tuple(LANGUAGES)),
    "preset": _against_preset,
    "teacher_run": _against_study,
    "seeds": _whole(1, 100),
    "study": _against_study,
    "studies": _against_studies,
    "techniques": _against_techniques,
    "cell": _whole(),
    "x": _against_axis,
    "y": _against_axis,
    "random": _whole(2),
    "points": _whole(2),
    "own": _against_own,
    "sample": _whole(),
    "epoch": _whole(1),
    "T": _against_temperature,
    "axis": _one_of(("linear", "log")),
    "a": _against_network,
    "b": _against_network,
    "pick": _against_pick,
    "subject": _one_of(("sample", "drawing")),
    "convention": _one_of(("teacher", "labels")),
    "arm": _one_of(("distilled", "alone")),
    "loss": _against_loss,
}
"""Every part of a link that is no setting, with its check; what only store or data can know is checked there."""


def leaves_uploads(changes: Mapping[str, Any]) -> bool:
    """Tell whether settings name a folder that was not uploaded here.

    Args:
        changes: values by path.
    """
    homes = [default_home() / "uploads", default_home() / "own" / "teachers"]
    folders = [folder for name, value in changes.items() for folder in _folders(name, value)]
    return not all(isinstance(folder, str) and any(_lies_in(folder, home) for home in homes) for folder in folders)


def _against_folders(name: str, value: str) -> str:
    """Refuse a folder or a file that was not uploaded here: a link must not choose what a server reads."""
    read = parse_value(value)
    if leaves_uploads({name: read}):
        return t("link.foreign_folder")
    gone = [folder for folder in _folders(name, read) if not Path(folder).expanduser().exists()]
    return t("link.no_upload", folder=shortened(Path(gone[0]).name)) if gone else ""


def _folders(name: str, value: Any) -> list[Any]:
    """Return what a setting names as folders or files, wherever inside it they stand."""
    last = name.split(".")[-1]
    bare = last in GIVEN and value is not None and not isinstance(value, dict)
    return [value] if last == "path" or bare else _paths_in(value)


def _lies_in(folder: str, home: Path) -> bool:
    try:
        return Path(folder).expanduser().resolve().is_relative_to(home.resolve())
    except (OSError, RuntimeError, ValueError):  # a path that no system takes
        return False


def _paths_in(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [path for inner in value for path in _paths_in(inner)]
    if not isinstance(value, dict):
        return []
    inside = [path for name, inner in value.items() for path in _folders(name, inner) if name != "path"]
    return inside + ([value["path"]] if "path" in value else [])
