"""One's own images: what an upload brings is told and stays in sight, and settings follow that could not be met."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.recipe import Study
from kd_core.store import Store
from tests.image_folders import make_images
from tests.pages.conftest import App, train_tiny_race


def packed(folder: Path) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                opened.write(path, path.relative_to(folder).as_posix())
    return stream.getvalue()


def uploaded(page: AppTest, name: str, content: bytes) -> AppTest:
    page.file_uploader(key="upload_zip").set_value((name, content, "application/zip")).run()
    page.button(key="upload_use").click().run()
    assert not page.exception, page.exception
    return page


def plain(text: str) -> str:
    """Return what a reader sees of Markdown."""
    return text.replace("\\", "").replace("\N{WORD JOINER}", "")


def sentences(page: AppTest, kind: str) -> list[str]:
    return [plain(element.value) for element in page.get(kind)]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Three classes of 40 images; one file is broken, one of a format that is not read, one lies in no class."""
    folder = tmp_path / "pets"
    make_images(folder, {"cat": 40, "dog": 40, "owl": 40})
    (folder / "cat" / "broken.png").write_bytes(b"x")
    (folder / "owl" / "photo.heic").write_bytes(b"x")
    (folder / "loose.png").write_bytes((folder / "cat" / "0000.png").read_bytes())
    return folder


def test_an_upload_says_what_it_brought_and_what_was_left_out_and_goes_on_saying_it(
    app: App, pets: Path, tmp_path: Path, warm: None
) -> None:
    page = uploaded(app(tmp_path / "home"), "pets.zip", packed(pets))
    for _ in range(2):
        (worked,) = sentences(page, "success")
        assert worked.startswith("'pets-")
        # Of 120 images 18 are for the test and 18 for validation.
        assert worked.endswith("3 classes, 84 images for training, 18 for validation, 18 for the test.")
        assert sentences(page, "warning") == [
            "1 file(s) could not be read and were left out: cat/broken.png",
            "1 file(s) in a format that is not read were left out: owl/photo.heic",
            "1 image(s) that lie in no class folder were left out: loose.png",
        ]
        page.run()
    page.selectbox(key="set.data.source").set_value("digits").run()
    assert sentences(page, "success") == []


def test_an_upload_changes_what_it_cannot_meet_and_says_so_and_then_trains(
    app: App, pets: Path, tmp_path: Path, warm: None
) -> None:
    page = uploaded(app(tmp_path / "home"), "pets.zip", packed(pets))
    assert sentences(page, "info") == ["What these images could not meet was changed. Labelled images: 200 → all"]
    assert page.number_input(key="set.data.labelled").value is None
    assert not page.error
    page.button(key="race_start").click().run()
    (study,) = Store(tmp_path / "home").studies.list()
    assert {member["recipe"]["data"]["labelled"] for member in study.spec["members"]} == {None}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data.labelled": "1048"}, "only 1,047 training images"),
        ({"teacher.data.dropped_classes": "[12]"}, "numbered 0 to 9"),
        ({"student": '{"name": "convnet", "channels": [8, 8, 8, 8]}'}, "too small"),
    ],
)
def test_what_cannot_be_trained_is_told_before_start_which_waits(
    changes: dict[str, str], reason: str, app: App, tmp_path: Path, warm: None
) -> None:
    page = app(tmp_path, **changes)
    assert any(reason in sentence for sentence in sentences(page, "error"))
    assert page.button(key="race_start").disabled
    with pytest.raises(KeyError):
        page.button(key="race_stop")


def test_stop_is_there_while_a_race_lives_whatever_the_form_asks_for(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    page.button(key="race_start").click().run()
    page.number_input(key="set.data.labelled").set_value(5000).run()
    assert page.button(key="race_start").disabled
    page.button(key="race_stop").click().run()
    assert Store(tmp_path).studies.list()[0].status == "stopped"


def test_a_refused_upload_is_told_after_the_page_was_drawn_anew(app: App, tmp_path: Path, warm: None) -> None:
    page = uploaded(app(tmp_path), "pets.zip", b"no zip")
    for _ in range(2):
        assert sentences(page, "error") == ["The file 'pets.zip' was not accepted: it is not a zip file."]
        page.run()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_why_something_was_left_out_has_words(language: str, app: App, tmp_path: Path, warm: None) -> None:
    folder = tmp_path / "pets"
    made = {"train/a": 9, "train/b": 9, "training/a": 1, "c": 1, "more": 1}
    make_images(folder, {**made, "train": 1})
    (folder / "train" / "a" / "linked").symlink_to(folder / "more", target_is_directory=True)
    (folder / "train" / "b" / "film.mp4").write_bytes(b"x")
    (folder / "train" / "b" / "x.png").write_bytes(b"x")
    page = app(tmp_path / "home", language=language)
    page.text_input(key="upload_path").set_value(str(folder)).run()
    page.button(key="upload_use_path").click().run()
    told = "\n".join(sentences(page, "warning"))
    assert len(told.splitlines()) == 6 and "upload." not in told
    for name in ("x.png", "film.mp4", "linked", "0000.png", "training", "c", "more"):
        assert name in told
    assert ("left out" in told) == (language == "en")


def test_a_hidden_name_is_listed_and_an_upload_can_be_deleted(app: App, pets: Path, tmp_path: Path, warm: None) -> None:
    home = tmp_path / "home"
    page = uploaded(app(home), ".hidden.zip", packed(pets))
    (name,) = page.selectbox(key="upload_known").options
    assert name.startswith("hidden-")
    page.selectbox(key="upload_known").set_value(name).run()
    page.button(key="upload_delete").click().run()
    assert (home / "uploads" / name).is_dir()
    page.button(key="upload_delete_no").click().run()
    page.button(key="upload_delete").click().run()
    page.button(key="upload_delete_yes").click().run()
    assert not page.exception
    assert sentences(page, "success") == [f"'{name}' was deleted."]
    assert list((home / "uploads").iterdir()) == []
    assert page.selectbox(key="set.data.source").value == "digits"


def test_an_upload_that_a_living_study_learns_from_is_not_deleted(
    app: App, pets: Path, tmp_path: Path, warm: None
) -> None:
    home = tmp_path / "home"
    page = uploaded(app(home), "pets.zip", packed(pets))
    (name,) = page.selectbox(key="upload_known").options
    page.button(key="race_start").click().run()
    page.selectbox(key="upload_known").set_value(name).run()
    page.button(key="upload_delete").click().run()
    page.button(key="upload_delete_yes").click().run()
    assert sentences(page, "error") == [f"'{name}' was not deleted: study #1 learns from it. Stop that study first."]
    assert (home / "uploads" / name).is_dir()
    page.button(key="race_stop").click().run()
    page.button(key="upload_delete").click().run()
    page.button(key="upload_delete_yes").click().run()
    assert not (home / "uploads" / name).exists()


def test_the_base_of_a_living_sweep_counts_too(app: App, pets: Path, tmp_path: Path, warm: None) -> None:
    from kd_core.recipe import PRESETS

    home = tmp_path / "home"
    page = uploaded(app(home), "pets.zip", packed(pets))
    (name,) = page.selectbox(key="upload_known").options
    source = {"name": "image_folder", "path": str(home / "uploads" / name)}
    recipe = PRESETS["digits"].recipe.changed({"data.source": source, "data.labelled": None})
    Store(home).studies.add(Study.sweep(recipe, {"method.temperature": [2.0, 4.0]}))
    page.selectbox(key="upload_known").set_value(name).run()
    page.button(key="upload_delete").click().run()
    page.button(key="upload_delete_yes").click().run()
    assert "study #1 learns from it" in sentences(page, "error")[0]


@pytest.mark.parametrize("page", ["race", "soft_labels", "loss_lab", "speed", "compare"])
def test_what_was_left_out_stands_beside_every_result(
    page: str, app: App, pets: Path, tmp_path: Path, warm: None
) -> None:
    home = tmp_path / "home"
    source = {"name": "image_folder", "path": str(pets), "size": 8}
    study = train_tiny_race(home, 1, data__source=source, data__labelled=None)
    told = sentences(app(home, page=page, study=study), "caption")
    assert "1 file(s) could not be read and were left out: cat/broken.png" in told
    assert "1 image(s) that lie in no class folder were left out: loose.png" in told


@pytest.mark.parametrize(("kind", "page"), [("sweep", "sweep"), ("compare", "method_race")])
def test_what_was_left_out_stands_beside_a_map_and_a_method_race(
    kind: str, page: str, app: App, pets: Path, tmp_path: Path, warm: None
) -> None:
    from kd_core.experiments import run_study
    from kd_core.recipe import PRESETS

    store = Store(tmp_path / "home")
    source = {"name": "image_folder", "path": str(pets), "size": 8}
    short = {"data.source": source, "data.labelled": None, "optim.epochs": 1, "teacher.optim.epochs": 1}
    recipe = PRESETS["digits"].recipe.changed(short)
    temperatures = {"method.temperature": [2.0, 4.0]}
    asked = Study.sweep(recipe, temperatures) if kind == "sweep" else Study.compare(recipe, ["soft_targets"])
    study = store.studies.add(asked, status="running")
    run_study(store, study, data_root=tmp_path)
    told = sentences(app(store.home, page=page, study=study), "caption")
    assert "1 file(s) could not be read and were left out: cat/broken.png" in told


def test_many_names_are_cut_short_and_read_letter_by_letter(app: App, tmp_path: Path, warm: None) -> None:
    folder = tmp_path / "pets"
    make_images(folder, {"cat": 9, "dog": 9})
    for number in range(8):
        (folder / "cat" / f"**{number}** [x](y).png").write_bytes(b"x")
    page = app(tmp_path / "home")
    page.text_input(key="upload_path").set_value(str(folder)).run()
    page.button(key="upload_use_path").click().run()
    (warning,) = page.warning
    assert plain(warning.value).endswith("cat/**4** [x](y).png and 3 more")
    assert "**" not in warning.value and "[x](" not in warning.value


def test_a_folder_that_another_only_wraps_is_found(app: App, pets: Path, tmp_path: Path, warm: None) -> None:
    (tmp_path / "around").mkdir()
    pets.rename(tmp_path / "around" / "pets")
    (tmp_path / "around" / "README.md").write_text("x")
    page = app(tmp_path / "home")
    page.text_input(key="upload_path").set_value(str(tmp_path / "around")).run()
    page.button(key="upload_use_path").click().run()
    assert sentences(page, "success")[0].startswith("'around' is the dataset now: 3 classes")


@pytest.mark.parametrize("page", ["sweep", "method_race"])
def test_a_map_and_a_method_race_that_cannot_be_trained_are_told_before_start(
    page: str, app: App, tmp_path: Path, warm: None
) -> None:
    shown = app(tmp_path, page=page, **{"data.labelled": "5000"})
    assert any("only 1,047 training images" in sentence for sentence in sentences(shown, "error"))
    assert shown.button(key=f"{page}_start").disabled
