"""Somebody else's words are shown letter by letter: a study, a class and an error never write Markdown into a page."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.load.people import PAGES
from kd_core import errors
from kd_core.recipe import PRESETS, Study
from kd_core.store import Store
from pages.parts.text import error_text, escape_markdown, i18n
from tests.image_folders import make_images
from tests.pages.conftest import ROOT, App, train_tiny_race

STUDY: Final = "**b** [l](x) $a$ :red[x]"
CLASS: Final = "**cat** [l](y)"
MARKUP: Final = re.compile(r"\*\*(?:b|cat)\*\*|\[l\]\([xy]\)|\$a\$|:red\[x\]")
"""What is left of those names where nothing was escaped."""
TAG: Final = "<br>owl"
"""A class whose name a chart would read as the end of a line."""
DRAWN_AS_MARKDOWN: Final = {
    "markdown",
    "caption",
    "error",
    "warning",
    "info",
    "success",
    "header",
    "subheader",
    "title",
}


def written(page: AppTest) -> list[str]:
    """Every text of a page that Streamlit reads as Markdown: bodies, and labels and helps of widgets."""
    assert not page.exception, page.exception
    bodies = [str(one.value) for kind in sorted(DRAWN_AS_MARKDOWN) for one in page.get(kind)]
    named = ("button", "download_button", "selectbox", "multiselect", "toggle", "text_input", "expander", "popover")
    widgets = [one for kind in named for one in page.get(kind)]
    words = (str(getattr(one, part, "") or "") for one in widgets for part in ("label", "help"))
    return [*bodies, *words]


def drawn(page: AppTest) -> list[str]:
    """Every text of a page's Plotly charts: titles, ticks, labels and what stands under the pointer."""
    return [text for chart in page.get("plotly_chart") for text in _texts(json.loads(chart.proto.spec))]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A race on one's own images, whose study and one of whose classes are called like markup."""
    home = tmp_path_factory.mktemp("hostile")
    make_images(home / "images", {CLASS: 30, "dog": 30, TAG: 30})
    source = {"name": "image_folder", "path": str(home / "images"), "size": 8, "grey": True}
    study = train_tiny_race(
        home, 1, data__source=source, teacher__data__source=source, data__labelled=None, method__temperature=4
    )
    store = Store(home)
    store.studies.update(study, name=STUDY, note=STUDY)
    store.close()
    return home, study


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("shown_on", PAGES)
def test_a_study_and_a_class_are_shown_letter_by_letter(
    app: App, hostile: tuple[Path, str], shown_on: str, language: str, warm: None
) -> None:
    home, study = hostile
    page = app(home, page=shown_on, study=study, studies=study, language=language)
    assert [text for text in written(page) if MARKUP.search(text)] == []
    assert [text for text in drawn(page) if TAG in text] == []


def test_the_names_are_there_to_be_read(app: App, hostile: tuple[Path, str], warm: None) -> None:
    home, study = hostile
    compare, soft = (
        written(app(home, page=page, study=study, studies=study, language="en")) for page in ("compare", "soft_labels")
    )
    assert any(escape_markdown(STUDY) in text for text in compare)
    assert any(escape_markdown(CLASS) in text for text in soft)
    matrix = drawn(app(home, page="soft_labels", study=study, language="en"))
    assert any("&lt;br&gt;owl" in text for text in matrix)


def test_a_failed_study_tells_its_error_letter_by_letter(app: App, tmp_path: Path) -> None:
    fields = {"file": f"{STUDY}.zip", "reason": CLASS}
    error = {"code": "upload_refused", "fields": fields, "sentence": STUDY}
    store = Store(tmp_path)
    study = store.studies.add(Study.race(PRESETS["digits"].recipe, 1, "digits"), status="running")
    store.studies.end(study, "failed")
    store.studies.update(study, error=error)
    store.close()
    for page in ("compare", "race"):
        shown = written(app(tmp_path, page=page, study=study, studies=study, language="en"))
        assert [text for text in shown if MARKUP.search(text)] == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "kind", [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.KDError)]
)
def test_no_sentence_of_an_error_carries_markup_in(
    kind: type[errors.KDError], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "language", lambda: language)
    fields = dict.fromkeys(re.findall(r"{(\w+)", kind.template), STUDY)
    told = error_text({"code": kind.code, "fields": fields, "sentence": kind.template.format_map(fields)})
    assert not fields or MARKUP.search(told)
    assert not MARKUP.search(escape_markdown(told))


def calls_of_streamlit() -> Iterator[tuple[str, ast.Call, str]]:
    for path in sorted((ROOT / "pages").rglob("*.py")):
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("st."):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node, ast.unparse(node)


def test_every_error_that_is_drawn_is_escaped_where_it_is_drawn() -> None:
    drawn = {
        place: text
        for place, call, text in calls_of_streamlit()
        if getattr(call.func, "attr", "") in DRAWN_AS_MARKDOWN and "error_text(" in text
    }
    assert drawn
    assert [place for place, text in drawn.items() if "escape_markdown(" not in text] == []


def test_no_table_writes_none_where_a_number_is_missing() -> None:
    tables = {place: call for place, call, _ in calls_of_streamlit() if getattr(call.func, "attr", "") == "dataframe"}
    without = [at for at, call in tables.items() if "placeholder" not in {keyword.arg for keyword in call.keywords}]
    assert len(tables) >= 7 and without == []


def test_a_missing_figure_of_the_evidence_is_a_dash(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="evidence")
    assert page.dataframe[-1].proto.placeholder == "–"
