"""The look of every role: colour, dash, marker and fill pattern, the same on each page."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

Role = Literal["teacher", "distilled", "alone", "variant", "model_a", "model_b"]


@dataclass(frozen=True)
class RoleStyle:
    """How one role is drawn; never by colour alone.

    Attributes:
        colour: for marks (3:1 on both themes), not for letters.
        dash: SVG stroke-dasharray of its lines, empty for a solid line.
        marker: relative SVG path around the marked point.
        pattern: SVG path of a 6 x 6 tile that fills its bars, empty for a solid fill.
        plotly_symbol: the same marker in Plotly's words, and ``plotly_dash`` the dash.
    """

    colour: str
    dash: str
    marker: str
    pattern: str
    plotly_symbol: str
    plotly_dash: str

    def as_data(self) -> dict[str, str]:
        """The style as the browser components get it."""
        return {"colour": self.colour, "dash": self.dash, "marker": self.marker, "pattern": self.pattern}

    def plotly_marker(self, size: int) -> dict[str, Any]:
        """The marks of a Plotly trace."""
        return {"symbol": self.plotly_symbol, "size": size, "color": self.colour}

    def plotly_line(self, width: int = 2) -> dict[str, Any]:
        """The line of a Plotly trace."""
        return {"color": self.colour, "dash": self.plotly_dash, "width": width}


ROLES: Final[Mapping[Role, RoleStyle]] = MappingProxyType(
    {
        "teacher": RoleStyle(
            colour="#0072B2",
            dash="",
            marker="m0-5l5 5l-5 5l-5-5z",
            pattern="",
            plotly_symbol="diamond",
            plotly_dash="solid",
        ),
        "distilled": RoleStyle(
            colour="#D55E00",
            dash="9 3 2 3",
            marker="m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
            pattern="M-1 1L1-1M0 6L6 0M5 7L7 5",
            plotly_symbol="circle",
            plotly_dash="dashdot",
        ),
        "alone": RoleStyle(
            colour="#6B6B6B",
            dash="2 4",
            marker="m-3.5-3.5h7v7h-7z",
            pattern="M1 1.5h2M4 4.5h2",
            plotly_symbol="square",
            plotly_dash="dot",
        ),
        "variant": RoleStyle(
            colour="#009E73",
            dash="12 4",
            marker="m0-5l5 9h-10z",
            pattern="M0 3H6M3 0V6",
            plotly_symbol="triangle-up",
            plotly_dash="longdash",
        ),
        # Networks of people's own have no part in a race, and so none of its colours.
        "model_a": RoleStyle(
            colour="#CC79A7",
            dash="6 3",
            marker="m0 5l5-9h-10z",
            pattern="M1.5 0V6M4.5 0V6",
            plotly_symbol="triangle-down",
            plotly_dash="dash",
        ),
        "model_b": RoleStyle(
            colour="#8A6D00",
            dash="14 3 2 3",
            marker="m-5 0l2.5-4.3h5l2.5 4.3-2.5 4.3h-5z",
            pattern="M0 1.5H6M0 4.5H6",
            plotly_symbol="hexagon",
            plotly_dash="longdashdot",
        ),
    }
)

ROLE_OF: Final[Mapping[str, Role]] = MappingProxyType(
    {"teacher": "teacher", "alone": "alone", "distilled": "distilled"}
)
"""The role in which an arm of a race is drawn."""
