"""What Python does for bars and curves: checking, thinning, reading back."""

import json
import math
import tomllib
from pathlib import Path

import pytest

from pages.parts.charts import components
from pages.parts.charts.bars import BAR_WORDS, BarsArm, BarsState, bars_data, read_state
from pages.parts.charts.curve import CURVE_WORDS, MOST_POINTS, CurveSeries, series_data, thin
from pages.parts.charts.roles import ROLES

ROOT = Path(__file__).parents[2]
TEACHER = BarsArm("teacher", "teacher", [1.0, 2.0, 3.0])
FALLBACK = BarsState(1.0, "linear")


def test_every_role_differs_in_colour_dash_marker_and_pattern() -> None:
    for part in ("colour", "dash", "marker", "pattern"):
        assert len({getattr(style, part) for style in ROLES.values()}) == len(ROLES)


def test_the_browser_gets_an_infinite_temperature_as_a_word() -> None:
    data = bars_data([TEACHER], ["a", "b", "c"], 0, None, math.inf)
    assert json.loads(json.dumps(data, allow_nan=False))["temperature"] == "inf"


@pytest.mark.parametrize("temperature", [0.0, 0.49, 100.1, -1.0, math.nan])
def test_a_temperature_off_the_slider_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="view temperature"):
        bars_data([TEACHER], ["a", "b", "c"], None, None, temperature)


def test_the_browser_is_told_a_changed_range_of_temperatures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.parts.charts.bars.HIGHEST_TEMPERATURE", 20.0)
    told = bars_data([TEACHER], ["a", "b", "c"], None, None, 1.0)["temperature_range"]
    assert (told["low"], told["high"], told["ticks"]) == (0.5, 20.0, [0.5, 1, 2, 5, 10, 20])
    assert max(told["round_values"]) == 20


def test_logits_that_do_not_fit_the_classes_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'teacher' has 3 logits for 2 classes"):
        bars_data([TEACHER], ["a", "b"], None, None, 1.0)


def test_a_logit_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        bars_data([BarsArm("alone", "alone", [0.0, math.nan])], ["a", "b"], None, None, 1.0)


def test_a_hard_label_outside_the_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="hard label 3"):
        bars_data([TEACHER], ["a", "b", "c"], 3, None, 1.0)


def test_a_picture_from_the_internet_is_refused() -> None:
    with pytest.raises(ValueError, match="PNG data URL"):
        bars_data([TEACHER], ["a", "b", "c"], None, "https://example.com/3.png", 1.0)


def test_what_the_browser_sent_is_read_back() -> None:
    assert read_state({"temperature": "inf", "axis": "log"}, FALLBACK) == BarsState(math.inf, "log")
    assert read_state({"temperature": 4, "axis": "linear"}, FALLBACK) == BarsState(4.0, "linear")


@pytest.mark.parametrize("sent", [None, "4", "", -1, 1e9, math.nan, [4], {}])
def test_anything_else_from_the_browser_falls_back(sent: object) -> None:
    assert read_state({"temperature": sent, "axis": sent}, FALLBACK) == FALLBACK


def test_a_short_series_is_sent_whole() -> None:
    assert thin([3.0, 1.0, 2.0], 400) == [0, 1, 2]


def test_thinning_keeps_first_last_and_extremes() -> None:
    values = [math.sin(i / 50) for i in range(10_000)]
    values[4321], values[7777] = 9.0, -9.0
    kept = thin(values, MOST_POINTS)
    assert {0, 4321, 7777, 9_999} <= set(kept)
    assert kept == sorted(set(kept))
    assert 350 <= len(kept) <= MOST_POINTS


def test_thinning_just_above_the_limit_stays_within_it() -> None:
    assert len(thin([float(i % 7) for i in range(401)], 400)) <= 400


def test_a_gap_survives_thinning() -> None:
    values = [1.0] * 1000 + [math.nan] * 1000 + [1.0] * 1000
    assert any(math.isnan(values[index]) for index in thin(values, MOST_POINTS))


def test_a_diverged_value_becomes_a_gap_that_json_can_carry() -> None:
    data = series_data(CurveSeries("alone", "alone", [0, 1, 2], [0.1, math.nan, math.inf]))
    assert json.loads(json.dumps(data, allow_nan=False))["y"] == [0.1, None, None]


def test_a_band_is_thinned_with_its_line() -> None:
    x = [float(i) for i in range(5000)]
    data = series_data(CurveSeries("teacher", "teacher", x, x, [v - 1 for v in x], [v + 1 for v in x]))
    assert len(data["x"]) == len(data["y"]) == len(data["low"]) == len(data["high"]) <= MOST_POINTS
    assert all(low + 1 == y == high - 1 for low, y, high in zip(data["low"], data["y"], data["high"], strict=True))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="3 x but 2 values"):
        CurveSeries("teacher", "teacher", [0, 1, 2], [0.0, 1.0])
    with pytest.raises(ValueError, match="both low and high"):
        CurveSeries("teacher", "teacher", [0], [0.0], low=[0.0])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_is_in_both_languages_with_the_same_fields(language: str) -> None:
    texts = {
        code: tomllib.loads((ROOT / "assets" / "texts" / f"{code}.toml").read_text(encoding="utf-8"))
        for code in ("en", language)
    }
    for table, words in (("bars", BAR_WORDS), ("curve", CURVE_WORDS)):
        assert set(texts[language][table]) == set(words)
        for word in words:
            fields = [{part.split("}")[0] for part in texts[code][table][word].split("{")[1:]} for code in texts]
            assert all(names == fields[0] for names in fields)


def test_each_module_travels_under_ten_kilobytes_and_never_writes_markup() -> None:
    for file in sorted((ROOT / "assets" / "components").glob("*/*.js")):
        text = file.read_text(encoding="utf-8")
        assert len(components.bare(text).encode()) < 10_000, file.name
        assert not any(word in text for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval(")), file.name


SIZES = [("bars", 26), ("curve", 29), ("map", 40), ("gallery", 3), ("inspect", 63), ("epoch", 5)]


@pytest.mark.parametrize(("entry", "kilobytes"), SIZES)
def test_a_component_does_not_grow_unseen_and_travels_without_comments(entry: str, kilobytes: int) -> None:
    script = components.script(f"{entry}/component")
    assert len(script.encode()) < 1000 * kilobytes
    assert "/*" not in script and not any(line.startswith("//") for line in script.splitlines())


def modules(folder: Path, monkeypatch: pytest.MonkeyPatch, **sources: str) -> None:
    """Lay out modules in a folder that stands for the components' own."""
    for name, source in sources.items():
        (folder / f"{name}.js").write_text(source, "utf-8")
    monkeypatch.setattr(components, "_FOLDER", folder)


def test_imported_modules_are_joined_once_and_before_their_importers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules(
        tmp_path,
        monkeypatch,
        base='/** Says\n * why. */\nexport const base = "http://a"; // so\n',
        left='import { base } from "./base.js";\nexport function left() {\n  return base;\n}\n',
        entry='import {\n  left,\n} from "./left.js";\nimport { base } from "./base.js";\n\nexport default left;\n',
    )
    lines = ['const base = "http://a";', "function left() {", "return base;", "}", "export default left;"]
    assert components.script("entry").splitlines() == lines


def test_one_name_in_two_joined_modules_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = 'import { left } from "./left.js";\nconst size = left;\n'
    modules(tmp_path, monkeypatch, left="const size = 1;\nexport const left = size;\n", entry=entry)
    with pytest.raises(ValueError, match=r"defines \['size'\]"):
        components.script("entry")


@pytest.mark.parametrize("form", ['import * as left from "./left.js";', 'import "./left.js";'])
def test_an_import_that_cannot_be_joined_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    modules(tmp_path, monkeypatch, left="export const left = 1;\n", entry=form)
    with pytest.raises(ValueError, match="cannot be joined"):
        components.script("entry")
