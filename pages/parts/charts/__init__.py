"""Charts and pictures: functions from rows to what is drawn."""

from pages.parts.charts.accuracy_curves import Names, accuracy_lines, mean_with_band, zoomed_range
from pages.parts.charts.bars import (
    BAR_WORDS,
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    Axis,
    BarsArm,
    BarsState,
    Film,
    bars_data,
    is_view_temperature,
    read_state,
    softened_bars,
)
from pages.parts.charts.components import script, style
from pages.parts.charts.curve import CURVE_WORDS, CurveMark, CurveSeries, live_curve
from pages.parts.charts.downloads import (
    csv_button,
    plotly_chart_with_downloads,
    settled_chart_with_downloads,
    table_with_csv,
)
from pages.parts.charts.gain_map import MAP_WORDS, MapAxis, MapCell, MapImage, colour_limit, gain_map_chart, image_data
from pages.parts.charts.gallery import Tile, image_gallery
from pages.parts.charts.images import enlarged, picture_url, png_url, sheet, thumbnail
from pages.parts.charts.roles import ROLE_OF, ROLES, Role
from pages.parts.charts.ticks import is_log, log_tick_options, log_ticks, round_ticks

__all__ = [
    "BAR_WORDS",
    "CURVE_WORDS",
    "HIGHEST_TEMPERATURE",
    "LOWEST_TEMPERATURE",
    "MAP_WORDS",
    "ROLES",
    "ROLE_OF",
    "Axis",
    "BarsArm",
    "BarsState",
    "CurveMark",
    "CurveSeries",
    "Film",
    "MapAxis",
    "MapCell",
    "MapImage",
    "Names",
    "Role",
    "Tile",
    "accuracy_lines",
    "bars_data",
    "colour_limit",
    "csv_button",
    "enlarged",
    "gain_map_chart",
    "image_data",
    "image_gallery",
    "is_log",
    "is_view_temperature",
    "live_curve",
    "log_tick_options",
    "log_ticks",
    "mean_with_band",
    "picture_url",
    "plotly_chart_with_downloads",
    "png_url",
    "read_state",
    "round_ticks",
    "script",
    "settled_chart_with_downloads",
    "sheet",
    "softened_bars",
    "style",
    "table_with_csv",
    "thumbnail",
    "zoomed_range",
]
