"""Owners: to whom a study belongs; one that nobody owns is the command line's, or an earlier version's."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from kd_core.store.database import Database
from kd_core.store.rows import AliveRow
from kd_core.store.tables import owners, studies
from kd_core.vocabulary import ALIVE

NOBODY = ""
"""Stands among visitors for the studies that nobody owns."""


class OwnerTable:
    """Who owns which study, and what decides whose turn it is; several visitors may own one that they started alike."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of(self, study: str) -> frozenset[str]:
        """Return the visitors that own a study; empty for one that nobody owns, or that is not there."""
        with self.database.reading() as connection:
            return frozenset(connection.execute(sa.select(owners.c.visitor).where(owners.c.study == study)).scalars())

    def of_all(self, ids: Collection[str]) -> dict[str, frozenset[str]]:
        """Return the visitors that own each of some studies, given by id."""
        query = sa.select(owners.c.study, owners.c.visitor).where(owners.c.study.in_(list(ids)))
        found: dict[str, set[str]] = {study: set() for study in ids}
        with self.database.reading() as connection:
            for study, visitor in connection.execute(query):
                found[study].add(visitor)
        return {study: frozenset(visitors) for study, visitors in found.items()}

    def leave(self, study: str, visitor: str) -> int:
        """Let a visitor own a study no longer, and return how many still do; the last one stays its owner."""
        own = sa.select(sa.func.count()).select_from(owners).where(owners.c.study == study)
        with self.database.writing() as connection:
            others = connection.execute(own.where(owners.c.visitor != visitor)).scalar_one()
            if others:
                leaving = sa.and_(owners.c.study == study, owners.c.visitor == visitor)
                connection.execute(sa.delete(owners).where(leaving))
            return others

    def alive(self) -> Sequence[AliveRow]:
        """Return the studies that wait or run, in the order in which they were asked for."""
        columns = (studies.c.id, studies.c.number, studies.c.status, studies.c.started, studies.c.estimate)
        query = sa.select(*columns, owners.c.visitor).outerjoin(owners, owners.c.study == studies.c.id)
        query = query.where(studies.c.status.in_(sorted(ALIVE))).order_by(studies.c.number)
        found: dict[str, AliveRow] = {}
        with self.database.reading() as connection:
            for row in connection.execute(query):
                facts = dict(row._mapping)
                owner = frozenset(filter(None, [facts.pop("visitor")]))
                others = found[row.id].owners if row.id in found else frozenset()
                found[row.id] = AliveRow(**facts, owners=owner | others)
        return [*found.values()]

    def last_served(self) -> dict[str, float]:
        """Return by visitor when a study of theirs last began, in seconds since 1970."""
        began = sa.select(owners.c.visitor, sa.func.max(studies.c.started))
        query = began.join(studies, owners.c.study == studies.c.id).group_by(owners.c.visitor)
        with self.database.reading() as connection:
            return {visitor: started for visitor, started in connection.execute(query) if started is not None}


def add_owner(connection: sa.Connection, study: str, visitor: str) -> None:
    """Let a visitor own a study, in a writing transaction; once more changes nothing."""
    row = sa.and_(owners.c.study == study, owners.c.visitor == visitor)
    if visitor and connection.execute(sa.select(owners.c.study).where(row)).first() is None:
        connection.execute(sa.insert(owners).values(study=study, visitor=visitor, since=time.time()))


def owned_by(visitors: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a study belongs to one of some visitors; ``NOBODY`` stands for those without owner."""
    theirs = studies.c.id.in_(sa.select(owners.c.study).where(owners.c.visitor.in_([v for v in visitors if v])))
    if NOBODY not in visitors:
        return theirs
    return sa.or_(theirs, studies.c.id.not_in(sa.select(owners.c.study)))


def waiting_of(connection: sa.Connection, visitor: str) -> int:
    """Return how many studies of a visitor wait."""
    query = sa.select(sa.func.count()).select_from(studies).where(studies.c.status == "queued", owned_by([visitor]))
    return connection.execute(query).scalar_one()
