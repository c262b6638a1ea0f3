"""Store: where engine and pages meet; the only package that touches database and artifact files."""

from kd_core.store.files import NOWHERE, Arrays, half, packed, write_bytes
from kd_core.store.owners import NOBODY
from kd_core.store.rows import (
    AliveRow,
    EpochRow,
    MemberProgress,
    MemberRow,
    NoteRow,
    PointRow,
    RunRow,
    StudyRow,
    error_json,
)
from kd_core.store.store import Store, default_home

__all__ = [
    "NOBODY",
    "NOWHERE",
    "AliveRow",
    "Arrays",
    "EpochRow",
    "MemberProgress",
    "MemberRow",
    "NoteRow",
    "PointRow",
    "RunRow",
    "Store",
    "StudyRow",
    "default_home",
    "error_json",
    "half",
    "packed",
    "write_bytes",
]
