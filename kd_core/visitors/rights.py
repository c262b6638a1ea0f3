"""Rights: what a visitor may do with a study, held below everything that a page can send."""

from __future__ import annotations

from kd_core.errors import LecturerOnly, NotYours, SharedStudy
from kd_core.store import Store
from kd_core.visitors.visitor import Visitor


def owns(store: Store, study: str, visitor: Visitor) -> bool:
    """Tell whether a study is a visitor's own."""
    return visitor.owns(store.owners.of(study))


def may_change(store: Store, study: str, visitor: Visitor) -> bool:
    """Tell whether a visitor may stop, resume or leave a study: their own, or any where they oversee."""
    return visitor.oversees or visitor.id in store.owners.of(study)


def may_describe(store: Store, study: str, visitor: Visitor) -> bool:
    """Tell whether a visitor may rename, note or keep a study, which changes it for all who own it."""
    return visitor.oversees or store.owners.of(study) == {visitor.id}


def require_owner(store: Store, study: str, visitor: Visitor) -> None:
    """Refuse to change somebody else's study.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others.
    """
    store.studies.get(study)
    if not may_change(store, study, visitor):
        raise NotYours(id=study)


def describe(store: Store, study: str, by: Visitor, **words: str | bool) -> None:
    """Change a study's ``name``, ``note`` or ``keep``.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others.
        SharedStudy: it belongs to others, too, and would change for them.
    """
    require_owner(store, study, by)
    if not may_describe(store, study, by):
        raise SharedStudy(id=study, count=len(store.owners.of(study)))
    store.studies.update(study, **words)


def give_up(store: Store, study: str, by: Visitor) -> bool:
    """Let a visitor leave a study that others own, too; False where the study is theirs to end or to delete.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others alone.
    """
    require_owner(store, study, by)
    return not by.oversees and store.owners.leave(study, by.id) > 0


def remove(store: Store, study: str, by: Visitor) -> None:
    """Delete a study and the runs that no other study names; one that others own, too, stays with them.

    Raises:
        RunUnknown: there is none of that id.
        NotYours: it belongs to others alone.
        RunBusy: it still waits or trains, or a person asked to keep it.
    """
    if not give_up(store, study, by):
        store.delete(study)


def set_limit(store: Store, limit: int, by: Visitor) -> None:
    """Set how many bytes the store may take, which concerns everybody.

    Raises:
        LecturerOnly: the visitor is not the one who oversees.
    """
    require_overseer(by)
    store.set_limit(limit)


def require_overseer(visitor: Visitor) -> None:
    """Refuse to change what concerns everybody.

    Raises:
        LecturerOnly: the visitor is not the one who oversees.
    """
    if not visitor.oversees:
        raise LecturerOnly()
