"""The catalogue is complete: what can be read in English can be read in Chinese, declared words included."""

import ast
import io
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from kd_core import errors
from kd_core.datasets.conditions import Conditions
from kd_core.datasets.io import unpack
from kd_core.recipe import Optim, Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.recipe.techniques import TIPS
from kd_core.settings.base import Settings, field_extra
from kd_core.settings.refusal import TEMPLATES
from kd_core.store import error_json
from pages.parts.text import error_text, i18n, member_text
from pages.parts.text.i18n import catalogue, shared_key
from tests.pages.members import MEMBERS

EN, ZH = catalogue("en"), catalogue("zh")

# Words that the engine declares in English are only in the Chinese catalogue.
DECLARED = (
    "methods.", "networks.", "datasets.", "protocols.", "schedules.", "presets.", "data.", "optim.", "recipe.",
    "tips.", "choices.", "units.", "errors.", "reasons.", "kinds.",
)  # fmt: skip


def settings_of(prefix: str, kind: type[Settings]) -> Iterator[tuple[str, str]]:
    """The keys of a settings class that has words of its own, with their English."""
    for name, info in kind.model_fields.items():
        if info.title:
            yield f"{prefix}.{name}.title", info.title
        if info.description:
            yield f"{prefix}.{name}.description", info.description


def declared_keys() -> set[str]:
    keys = {f"presets.{name}.{word}" for name in PRESETS for word in ("title", "description")}
    keys |= {f"tips.{name}.{word}" for name in TIPS for word in ("title", "summary")}
    for section, member in MEMBERS:
        own = f"{section}.{member_text.name(member)}"
        keys |= {f"{own}.title", f"{own}.summary"} | {key for key, _ in settings_of(own, member)}
        if member_text.text(section, member):
            keys.add(f"{own}.text")
    for prefix, kind in (("data", Conditions), ("optim", Optim), ("recipe", Recipe), ("recipe", Study)):
        keys |= {key for key, _ in settings_of(prefix, kind)}
    return keys


def fields_of(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_every_text_is_in_both_languages() -> None:
    # `errors.` holds sentences of the pages too: those are in both.
    english_only = EN.keys() - ZH.keys()
    chinese_only = {key for key in ZH.keys() - EN.keys() if not key.startswith(DECLARED)}
    assert (english_only, chinese_only) == (set(), set())


def test_both_languages_fill_in_the_same_fields() -> None:
    assert [key for key in EN.keys() & ZH.keys() if fields_of(EN[key]) != fields_of(ZH[key])] == []


def test_everything_that_the_engine_declares_has_chinese_words() -> None:
    assert sorted(key for key in declared_keys() - ZH.keys() if shared_key(key) not in ZH) == []


def test_shared_words_stand_for_one_english_sentence_only() -> None:
    english: dict[str, set[str]] = {}
    for section, member in MEMBERS:
        for key, words in settings_of(f"{section}.{member_text.name(member)}", member):
            if key not in ZH:
                english.setdefault(shared_key(key), set()).add(words)
    assert {key: words for key, words in english.items() if len(words) > 1} == {}


def test_no_chinese_words_are_left_of_what_is_not_declared_any_more() -> None:
    sections = tuple(one for one in DECLARED if one not in ("choices.", "units.", "errors.", "reasons.", "kinds."))
    known = declared_keys()
    known |= {shared_key(key) for key in known - ZH.keys()}
    assert sorted({key for key in ZH if key.startswith(sections)} - known) == []


def test_every_choice_and_unit_has_chinese_words() -> None:
    kinds = [*(member for _, member in MEMBERS), Conditions, Optim, Recipe]
    fields = [info for kind in kinds for name, info in kind.model_fields.items() if name != "name"]
    choices = {f"choices.{one}" for info in fields for one in get_args(info.annotation) if isinstance(one, str)}
    units = {f"units.{unit}" for info in fields if (unit := field_extra(info).get("unit"))}
    assert sorted((choices | units) - ZH.keys()) == []


@pytest.mark.parametrize(
    "kind", [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.KDError)]
)
def test_every_error_has_a_chinese_sentence_with_the_same_fields(kind: type[errors.KDError]) -> None:
    assert fields_of(ZH[f"errors.{kind.code}"]) == fields_of(kind.template)


def test_a_reader_of_chinese_with_a_bad_zip_reads_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    with pytest.raises(errors.UploadRefused) as caught:
        unpack(io.BytesIO(b"no zip"), "pets.zip", tmp_path / "pets")
    told = "文件“pets.zip”未被接受：它不是 zip 文件。"
    assert error_text(caught.value) == told
    assert error_text(json.loads(json.dumps(error_json(caught.value)))) == told
    assert error_text(pickle.loads(pickle.dumps(caught.value))) == told


def test_a_reason_inside_a_reason_is_translated_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    inner = errors.system_reason(OSError(28, "No space left on device"))
    reason = errors.Reason("upload_unwritten", "it could not be written ({said}).", said=inner)
    assert str(reason) == "it could not be written (No space left on device)."
    error = errors.UploadRefused(file="pets.zip", reason=reason)
    told = "文件“pets.zip”未被接受：无法写入（系统的原话：No space left on device）。"
    assert error_text(error) == error_text(error_json(error)) == told


def test_an_error_that_was_stored_without_codes_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    stored = {"code": "upload_refused", "fields": {"file": "a.zip", "reason": "it is empty."}, "sentence": "..."}
    assert error_text(stored) == "文件“a.zip”未被接受：it is empty."


ENGINE = Path(errors.__file__).parent
PAGES = ENGINE.parent / "pages"


def engine_calls() -> Iterator[tuple[Path, ast.Call]]:
    yield from calls_in(ENGINE)


def calls_in(folder: Path) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def test_no_reason_of_the_engine_is_a_bare_text() -> None:
    bare = {
        path.relative_to(ENGINE).as_posix()
        for path in sorted(ENGINE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name, value in _named_values(node)
        if name == "reason" and (isinstance(value, ast.JoinedStr) or isinstance(getattr(value, "value", None), str))
    }
    assert bare == set()


def _named_values(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.keyword):
        yield str(node.arg), node.value
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))


def declared_reasons() -> dict[str, set[str]]:
    """Every reason that stands in engine and pages: its code, and the fields that are given to it."""
    everywhere = [*engine_calls(), *calls_in(PAGES)]
    calls = [node for path, node in everywhere if called(node) == "Reason" and path != ENGINE / "errors.py"]
    reasons: dict[str, set[str]] = {}
    for node in calls:
        code = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
        if not code:  # the table of what pydantic finds
            continue
        assert str(code) not in reasons, f"two reasons have the code {code}"
        reasons[str(code)] = {keyword.arg for keyword in node.keywords if keyword.arg}
    found_by_pydantic = {f"setting_{name}": fields_of(template) for name, template in TEMPLATES.items()}
    return {**reasons, **found_by_pydantic, "system": {"said"}, "nearest": {"nearest"}}


def test_every_reason_has_a_chinese_sentence_that_speaks_of_nothing_unknown() -> None:
    chinese = {key.removeprefix("reasons."): fields_of(text) for key, text in ZH.items() if key.startswith("reasons.")}
    known = declared_reasons()
    assert known.keys() ^ chinese.keys() == set()
    assert {code: fields - known[code] for code, fields in chinese.items() if not fields <= known[code]} == {}


def test_every_kind_of_thing_that_may_be_unknown_has_a_chinese_word() -> None:
    kinds = set()
    for _, node in engine_calls():
        if called(node) == "Registry":
            kinds |= {str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)}
        if called(node) in ("UnknownName", "RunUnknown"):
            given = (one.value for one in node.keywords if one.arg == "kind")
            kinds |= {str(one.value) for one in given if isinstance(one, ast.Constant)}
    chinese = {key.removeprefix("kinds.") for key in ZH if key.startswith("kinds.")}
    assert {kind.replace(" ", "_") for kind in kinds} == chinese and "preset" in chinese


def test_an_unknown_name_is_told_in_chinese_with_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "zh")
    error = errors.UnknownName(kind="export format", name="cod", known=["code", "safetensors"])
    assert error_text(error) == "没有名为“cod”的导出格式。您要的是“code”吗？已知的有：code, safetensors。"
    assert error_text(error_json(error)) == error_text(error)


def test_no_reason_is_called_like_an_error() -> None:
    # An error's sentence may be a reason inside another one, under its own code.
    kinds = [kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KDError)]
    assert declared_reasons().keys() & set(kinds) == set()
