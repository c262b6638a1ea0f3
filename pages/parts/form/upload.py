"""Bring your own images: a zip that is unpacked beside the store, or a folder on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from kd_core.errors import KDError
from pages.parts.app import store
from pages.parts.form import state
from pages.parts.text import error_text, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe


def uploads_folder() -> Path:
    """Return where uploaded image folders lie."""
    return store().home / "uploads"


def folder_field(recipe: Recipe) -> None:
    """Offer an upload, the folders uploaded before, and a path; each becomes the dataset of teacher and student."""
    with st.popover(t("upload.open"), key="upload"):
        st.caption(t("upload.rules"))
        given = st.file_uploader(t("upload.zip"), type=["zip"], key="upload_zip")
        if given is not None and st.button(t("upload.use"), key="upload_use"):
            _unpack(given.name, given)
        uploaded = sorted(
            path.name for path in uploads_folder().glob("*") if path.is_dir() and not path.name.startswith(".")
        )
        if uploaded:
            picked = st.selectbox(t("upload.known"), uploaded, index=None, key="upload_known")
            if picked and st.button(t("upload.use_known"), key="upload_use_known"):
                use_folder(uploads_folder() / picked)
        path = st.text_input(t("upload.path"), key="upload_path", placeholder="/home/me/images")
        if path and st.button(t("upload.use_path"), key="upload_use_path"):
            use_folder(Path(path))


def use_folder(path: Path) -> None:
    """Make a folder the dataset, after a look that it can be one."""
    from kd_core.datasets import DATASETS

    try:
        with st.spinner(t("upload.looking")):
            source = DATASETS["image_folder"].from_json({"name": "image_folder", "path": str(path)}).load(path)
    except KDError as error:
        st.error(error_text(error))
        return
    state.change("data.source", {"name": "image_folder", "path": str(path)})
    if source.skipped:
        st.warning(t("upload.skipped", n=len(source.skipped), names=", ".join(source.skipped[:5])))
    st.rerun()


def _unpack(name: str, file: object) -> None:
    from kd_core.datasets.io import unpack

    digest = hashlib.sha256(file.getbuffer()).hexdigest()[:12]  # type: ignore[attr-defined]
    folder = uploads_folder() / f"{Path(name).stem[:40]}-{digest}"
    try:
        with st.spinner(t("upload.unpacking")):
            unpacked = folder if folder.exists() else unpack(file, name, folder)  # type: ignore[arg-type]
    except KDError as error:
        st.error(error_text(error))
        return
    use_folder(unpacked)
