"""Store: where engine and pages meet; the only package that touches database and artifact files."""

from kd_core.store.rows import EpochRow, MemberRow, NoteRow, PointRow, RunRow, StudyRow, told
from kd_core.store.store import Store

__all__ = ["EpochRow", "MemberRow", "NoteRow", "PointRow", "RunRow", "Store", "StudyRow", "told"]
