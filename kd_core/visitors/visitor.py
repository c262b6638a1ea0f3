"""Visitor: whoever sits at one browser."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from kd_core.errors import InvalidSetting, Reason, UnknownName
from kd_core.store import NOBODY

Mode = Literal["solo", "class"]
"""How a server is used: by one person, who may change everything, or by a class with a lecturer."""


@dataclass(frozen=True)
class Visitor:
    """Whoever sits at one browser.

    Args:
        id: as owners are kept in the store; it proves nothing, so it may be shown.
        oversees: whether they may change everybody's studies: the lecturer, or anybody on a server for one person.
    """

    id: str
    oversees: bool = False

    @property
    def own(self) -> tuple[str, ...]:
        """Return whose studies are their own: an overseer's are also those that nobody owns."""
        return (self.id, NOBODY) if self.oversees else (self.id,)

    def owns(self, owners: Collection[str]) -> bool:
        """Tell whether a study is their own.

        Args:
            owners: of the study.
        """
        return self.id in owners or (self.oversees and not owners)


WAITING: Final = 3
"""So many studies of one visitor may wait, unless ``KD_WAITING`` says otherwise."""
COMMAND_LINE: Final = Visitor(NOBODY, oversees=True)
"""Whoever has the store's files at hand."""


def read_mode(environment: Mapping[str, str]) -> Mode:
    """Return the mode that ``KD_MODE`` sets, "solo" by default.

    Raises:
        UnknownName: it is set to something else.
    """
    modes: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
    asked = environment.get("KD_MODE") or "solo"
    if asked not in modes:
        raise UnknownName(kind="mode", name=asked, known=", ".join(modes))
    return modes[asked]


def read_waiting(environment: Mapping[str, str]) -> int:
    """Return how many studies of one visitor may wait, from ``KD_WAITING``.

    Raises:
        InvalidSetting: it is set to something else than a number of at least 1.
    """
    asked = environment.get("KD_WAITING") or str(WAITING)
    if not asked.isdecimal() or int(asked) < 1:
        reason = Reason("waiting_count", "it should be a whole number of at least 1.")
        raise InvalidSetting(path="KD_WAITING", value=f"'{asked}'", reason=reason)
    return int(asked)
