"""Bring your own images: a zip that is unpacked beside the store, or a folder on this machine."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import streamlit as st

from kd_core.errors import KDError, UploadInUse
from kd_core.settings import json_at_path
from kd_core.visitors import require_overseer
from kd_core.vocabulary import ALIVE
from pages.parts.app import left_out_sentences, left_out_summary, link, store, visitor
from pages.parts.form import state
from pages.parts.text import axis_words, error_text, escape_markdown, t, value_text

if TYPE_CHECKING:
    from kd_core.datasets import LoadedDataset
    from kd_core.recipe import Recipe

TOLD = "upload_told"
"""The session's key of what came of the last press: as plain values, since the page is drawn anew right after it."""
DONE = "upload_done"
"""The session's key that asks for the choice to be closed when it is drawn next."""
LONGEST_NAME = 40


def uploads_folder() -> Path:
    """Return where uploaded image folders lie."""
    return store().home / "uploads"


def folder_field(recipe: Recipe) -> None:
    """Offer an upload, the folders uploaded before, and a path; each becomes the dataset of teacher and student."""
    if st.session_state.pop(DONE, False):  # what is told stands below what would hide it
        st.session_state["upload"] = False
    with st.popover(t("upload.open"), key="upload", on_change="rerun"):
        st.caption(t("upload.rules"))
        given = st.file_uploader(t("upload.zip"), type=["zip"], key="upload_zip")
        if given is not None and st.button(t("upload.use"), key="upload_use"):
            _unpack(given.name, given)
        _uploaded_before()
        if visitor().oversees:  # in a class nobody chooses what the server reads but the lecturer
            path = st.text_input(t("upload.path"), key="upload_path", placeholder="/home/me/images")
            if path and st.button(t("upload.use_path"), key="upload_use_path"):
                use_folder(Path(path))
    _tell(recipe)


def use_folder(path: Path) -> None:
    """Make a folder the dataset after a look that it can be one, and let settings follow that could not be met."""
    from kd_core.datasets import DATASETS
    from kd_core.recipe import changes_to_fit

    st.session_state.pop(TOLD, None)
    source = {"name": "image_folder", "path": str(path)}
    try:
        with st.spinner(t("upload.looking")):
            dataset = DATASETS["image_folder"].from_json(source).load(path)
    except KDError as error:
        _tell_next({"refused": error_text(error)})
        st.rerun()
    before = state.current()
    changes = changes_to_fit(before, dataset)
    if state.change_together({"data.source": source, **changes}, "data.source"):
        written = before.to_json()
        changed = [[at, json_at_path(written, at), value] for at, value in changes.items()]
        _tell_next({**_counted(path, dataset), "changes": changed})
    st.session_state[DONE] = True
    st.rerun()


def _uploaded_before() -> None:
    from kd_core.datasets.io import uploads_in

    uploaded = uploads_in(uploads_folder())
    if not uploaded:
        return
    picked = st.selectbox(t("upload.known"), uploaded, index=None, key="upload_known")
    if not picked:
        return
    with st.container(horizontal=True):
        if st.button(t("upload.use_known"), key="upload_use_known"):
            use_folder(uploads_folder() / picked)
        asked = visitor().oversees and st.button(t("upload.delete"), key="upload_delete")
    if asked:
        st.session_state["upload_to_delete"] = picked
    if st.session_state.get("upload_to_delete") != picked:
        return
    st.caption(escape_markdown(t("upload.delete_what", name=picked)))
    with st.container(horizontal=True):
        st.button(t("upload.delete_yes"), key="upload_delete_yes", type="primary", on_click=_delete, args=(picked,))
        st.button(t("upload.delete_no"), key="upload_delete_no", on_click=_keep)


def _keep() -> None:
    st.session_state.pop("upload_to_delete", None)


def _delete(name: str) -> None:
    """Delete an upload that no living study learns from; a form that names it goes back to the preset's dataset."""
    from kd_core.datasets.io import remove_upload
    from kd_core.recipe import outline

    _keep()
    folder = uploads_folder() / name
    try:
        require_overseer(visitor())
        for row in store().studies.list(status=ALIVE):
            if _names(row.spec, folder):
                raise UploadInUse(upload=name, number=row.number)
        remove_upload(folder)
        outline.cache_clear()
    except KDError as error:
        _tell_next({"refused": error_text(error)})
        return
    st.session_state["upload_known"] = None
    _tell_next({"deleted": name})
    if _names(state.current().to_json(), folder):
        link.put_settings(link.settings_outside(["data.source", "teacher.data.source"]))


def _names(values: Any, folder: Path) -> bool:
    """Tell whether JSON of recipes names a folder anywhere."""
    if isinstance(values, Mapping):
        named = values.get("path")
        return (isinstance(named, str) and Path(named) == folder) or any(_names(v, folder) for v in values.values())
    return isinstance(values, list | tuple) and any(_names(value, folder) for value in values)


def _unpack(name: str, file: BinaryIO) -> None:
    from kd_core.datasets.io import unpack_once

    digest = hashlib.sha256(file.getbuffer()).hexdigest()[:12]  # type: ignore[attr-defined]
    # A name that begins with a dot would hide the folder on disk.
    title = unicodedata.normalize("NFC", Path(name).stem).lstrip(". ")[:LONGEST_NAME] or "images"
    try:
        with st.spinner(t("upload.unpacking")):
            unpacked = unpack_once(file, name, uploads_folder() / f"{title}-{digest}")
    except KDError as error:
        _tell_next({"refused": error_text(error)})
        st.rerun()
    use_folder(unpacked)


def _counted(path: Path, dataset: LoadedDataset) -> dict[str, Any]:
    validation = dataset.cut if dataset.validation is None else len(dataset.validation)
    return {
        "path": str(path),
        "name": path.name,
        "classes": len(dataset.train.classes),
        "train": len(dataset.train) - dataset.cut,
        "validation": validation,
        "test": len(dataset.test),
        "left_out": left_out_summary({"skipped": dataset.skipped, "left_out": dataset.left_out}),
    }


def _tell_next(facts: Mapping[str, Any]) -> None:
    st.session_state[TOLD], st.session_state[DONE] = dict(facts), True


def _tell(recipe: Recipe) -> None:
    """Say what came of the last press, for as long as it holds."""
    told = st.session_state.get(TOLD, {})
    if "refused" in told:
        st.error(escape_markdown(told["refused"]))
    elif "deleted" in told:
        st.success(escape_markdown(t("upload.deleted", name=told["deleted"])))
    elif told and told["path"] == getattr(recipe.data.source, "path", None):
        counts = {name: f"{told[name]:,}" for name in ("train", "validation", "test")}
        st.success(escape_markdown(t("upload.worked", name=told["name"], k=told["classes"], **counts)))
        for sentence in left_out_sentences(told["left_out"]):
            st.warning(sentence)
        if told["changes"]:
            changes = [
                t("upload.change", setting=axis_words(recipe, at).title, before=_written(was), after=_written(now))
                for at, was, now in told["changes"]
            ]
            st.info(escape_markdown(t("upload.changed", changes=t("upload.semicolon").join(changes))))


def _written(value: Any) -> str:
    """Return a value as it is told; without a number of labelled images, all of them are."""
    return t("upload.all") if value is None else value_text(value)
