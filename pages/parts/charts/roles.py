"""The look of every role: colour, dash, marker and fill pattern, the same on each page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Final, Literal

Role = Literal["teacher", "distilled", "alone", "variant"]


@dataclass(frozen=True)
class RoleStyle:
    """How one role is drawn; never by colour alone.

    Attributes:
        colour: for marks (3:1 on both themes), not for letters.
        dash: SVG stroke-dasharray of its lines, empty for a solid line.
        marker: relative SVG path around the marked point.
        pattern: SVG path of a 6 x 6 tile that fills its bars, empty for a solid fill.
    """

    colour: str
    dash: str
    marker: str
    pattern: str

    def as_data(self) -> dict[str, str]:
        """The style as the browser components get it."""
        return asdict(self)


ROLES: Final[Mapping[Role, RoleStyle]] = MappingProxyType(
    {
        "teacher": RoleStyle("#0072B2", "", "m0-5l5 5l-5 5l-5-5z", ""),
        "distilled": RoleStyle("#D55E00", "9 3 2 3", "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", "M-1 1L1-1M0 6L6 0M5 7L7 5"),
        "alone": RoleStyle("#6B6B6B", "2 4", "m-3.5-3.5h7v7h-7z", "M1 1.5h2M4 4.5h2"),
        "variant": RoleStyle("#009E73", "12 4", "m0-5l5 9h-10z", "M0 3H6M3 0V6"),
    }
)
