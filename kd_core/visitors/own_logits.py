"""Logits that a visitor brought: kept in the store under their content's digest, for them alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import KDError, Reason, StoreUnusable, UploadRefused, system_reason
from kd_core.own_files import OwnLogits, read_bytes, safetensors_arrays
from kd_core.store import Store, packed, write_bytes
from kd_core.visitors.visitor import Visitor

MOST_KEPT: Final = 20
"""So many files of one visitor; one more and the first has to be deleted by hand, for nothing is lost silently."""
DIGEST: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True)
class KeptLogits:
    """Logits that were brought, under the name of their file."""

    digest: str
    title: str
    own: OwnLogits


def keep_logits(store: Store, visitor: Visitor, own: OwnLogits, title: str) -> str:
    """Keep logits for a visitor and return their digest; equal ones are kept once.

    Raises:
        UploadRefused: the visitor has as many as one person may have.
        StoreFull, StoreUnusable: they could not be written.
    """
    optional = {"second": own.second, "labels": own.labels, "index": own.index}
    arrays: dict[str, NDArray[Any]] = {"logits": own.logits}
    arrays |= {name: values for name, values in optional.items() if values is not None}
    told = {"title": title[:200], "classes": own.classes, "names": own.names, "zeros": own.zeros}
    content = packed(arrays, {"told": json.dumps(told, ensure_ascii=False)})
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = _folder(store, visitor) / f"{digest}.safetensors"
    if not path.exists():
        if len(list(_files(store, visitor))) >= MOST_KEPT:
            words = "you have {most} already, which is as many as one person may have here. Delete one first."
            raise UploadRefused(file=title, reason=Reason("own_too_many", words, most=MOST_KEPT))
        store.check_space()
        write_bytes(path, content, store.home)
    return digest


def kept_logits(store: Store, visitor: Visitor, digest: str) -> KeptLogits | None:
    """Return logits that a visitor brought, or anybody's for whoever oversees all; None where there are none."""
    if not DIGEST.fullmatch(digest):
        return None
    name = f"{digest}.safetensors"
    path = _folder(store, visitor) / name
    if not path.is_file() and visitor.oversees:
        path = next((store.home / "own").glob(f"*/{name}"), path)
    try:
        arrays, metadata = safetensors_arrays(read_bytes(path), name)
        told = json.loads(metadata["told"])
        own = OwnLogits(
            logits=arrays["logits"].astype(np.float32),
            classes=None if told["classes"] is None else tuple(told["classes"]),
            labels=arrays.get("labels"),
            index=arrays.get("index"),
            second=arrays.get("second"),
            names=tuple(told["names"]),
            zeros=int(told["zeros"]),
        )
    except (KDError, KeyError, TypeError, ValueError):
        return None
    return KeptLogits(digest, str(told["title"]), own)


def list_kept_logits(store: Store, visitor: Visitor) -> dict[str, str]:
    """Return the titles of what a visitor brought by digest, newest first."""
    newest = sorted(_files(store, visitor), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    kept = (kept_logits(store, visitor, path.stem) for path in newest)
    return {each.digest: each.title for each in kept if each is not None}


def remove_logits(store: Store, visitor: Visitor, digest: str) -> None:
    """Delete logits that this visitor brought.

    Raises:
        StoreUnusable: they could not be deleted.
    """
    if not DIGEST.fullmatch(digest):
        return
    path = _folder(store, visitor) / f"{digest}.safetensors"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnusable(home=path, reason=system_reason(error)) from error


def keep_teacher_file(store: Store, visitor: Visitor, name: str, content: bytes) -> Path:
    """Keep a teacher's file for recipes to name, under its own name in a folder of its content's digest.

    Raises:
        StoreFull, StoreUnusable: it could not be written.
    """
    store.check_space()
    digest = hashlib.sha256(content).hexdigest()[:16]
    plain = re.sub(r"[^\w.-]", "_", Path(name).name).lstrip(".")[-80:] or "teacher"
    path = store.home / "own" / "teachers" / digest / plain
    if not path.is_file():
        write_bytes(path, content, store.home)
    return path


def _folder(store: Store, visitor: Visitor) -> Path:
    return store.home / "own" / hashlib.sha256(visitor.id.encode()).hexdigest()[:16]


def _files(store: Store, visitor: Visitor) -> Iterator[Path]:
    return (path for path in _folder(store, visitor).glob("*.safetensors") if DIGEST.fullmatch(path.stem))
