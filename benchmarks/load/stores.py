"""Stores to visit: a race, a sweep and a method race, and as many copies of their rows as long lists need."""

from __future__ import annotations

import random
import secrets
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

TEMPERATURE, WEIGHT = "method.temperature", "method.teacher_weight"


def build(home: str, studies: int) -> dict[str, str]:
    """Train one small study of each kind, fill the store with copies, and return their ids by kind."""
    from kd_core import PRESETS, Store, Study
    from kd_core.experiments import run_study

    recipe = PRESETS["digits"].recipe.changed({"optim.epochs": 3, "teacher.optim.epochs": 3})
    store = Store(home)
    made = {}
    for study in (
        Study.compare(recipe, ["soft_targets", "decoupled", "dist"], 2, "digits"),
        Study.sweep(recipe, {TEMPERATURE: [2.0, 8.0], WEIGHT: [0.5, 0.9]}, 2, "digits"),
        Study.race(recipe, 2, "digits"),
    ):
        made[study.kind] = store.studies.add(study, status="running")
        run_study(store, made[study.kind], data_root=Path(home) / "data")
        row = store.studies.get(made[study.kind])
        assert row.status == "done", row.error
    copy(store, list(made.values()), studies - len(made))
    store.close()
    return made


def copy(store: Any, originals: list[str], count: int) -> None:
    """Add copies of studies, older than the originals and with runs of their own, whose numbers differ a little."""
    from kd_core.store.tables import epochs, members, runs, studies

    chance = random.Random(0)
    with store.database.writing() as connection:
        connection.execute(sa.update(studies).values(number=studies.c.number + max(0, count)))
        for number in range(1, count + 1):
            original = originals[number % len(originals)]
            study = _row(connection, studies, studies.c.id == original)
            study |= {
                "id": secrets.token_hex(5),
                "number": number,
                "created": time.time() - 3600 * (count - number + 1),
            }
            connection.execute(sa.insert(studies).values(study))
            own: dict[str, str] = {}
            for member in connection.execute(sa.select(members).where(members.c.study == original)).mappings().all():
                if member["run"] not in own:
                    own[member["run"]] = secrets.token_hex(5)
                    run = _row(connection, runs, runs.c.id == member["run"])
                    new = {"id": own[member["run"]], "fingerprint": secrets.token_hex(8), "created": study["created"]}
                    connection.execute(sa.insert(runs).values({**run, **new}))
                    rows = connection.execute(sa.select(epochs).where(epochs.c.run == member["run"])).mappings().all()
                    shift = chance.uniform(-0.02, 0.02)
                    connection.execute(sa.insert(epochs), [_shifted(dict(row), new["id"], shift) for row in rows])
                connection.execute(
                    sa.insert(members).values({**member, "study": study["id"], "run": own[member["run"]]})
                )


def train_beside(home: str, races: int) -> list[str]:
    """Queue long races as a class would; the servers' supervisor takes them. Return their ids."""
    from kd_core import PRESETS, Store, Study

    long = PRESETS["digits"].recipe.changed({"optim.epochs": 2000, "teacher.optim.epochs": 2000})
    store = Store(home)
    asked = [long.changed({"method.temperature": 2.0 + 0.25 * number}) for number in range(races)]
    made = [store.studies.add(Study.race(recipe, 20, "digits")) for recipe in asked]
    store.close()
    return made


def pretend_living(home: str, studies: list[str]) -> None:
    """Mark studies as running, half-way; they live for as long as somebody holds their locks."""
    from kd_core import Store

    store = Store(home)
    for study in studies:
        member = next(place for place in store.studies.members(study) if place.arm == "distilled" and place.run)
        store.studies.update(study, status="running", started=time.time(), finished=None)
        store.runs.update(str(member.run), status="running", reported_epoch=None)
    store.close()


def _row(connection: sa.Connection, table: sa.Table, where: Any) -> dict[str, Any]:
    return dict(connection.execute(sa.select(table).where(where)).mappings().one())


def _shifted(row: dict[str, Any], run: str, shift: float) -> dict[str, Any]:
    scores = {
        split: {
            name: value + shift if name == "accuracy" and value is not None else value for name, value in told.items()
        }
        for split, told in row["scores"].items()
    }
    return {**row, "run": run, "scores": scores}
