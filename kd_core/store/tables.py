"""The tables and columns of the store."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()


studies = sa.Table(
    "studies",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, index=True),  # in order of asking: the queue's order
    sa.Column("name", sa.Text, nullable=False, default=""),
    sa.Column("note", sa.Text, nullable=False, default=""),
    sa.Column("keep", sa.Boolean, nullable=False, default=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("preset", sa.Text, nullable=False),
    sa.Column("seeds", sa.Integer, nullable=False),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("fresh", sa.Boolean, nullable=False, default=False),
    sa.Column("device", sa.String(16), nullable=False, default="auto"),
    sa.Column("precision", sa.String(16), nullable=False, default="auto", server_default="auto"),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("wish", sa.String(16)),  # what a person asked of the running job: "stop" or "pause"
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("activity", sa.JSON),  # what the job is doing beside training: {"what": ..., "done": 0..1}
    sa.Column("error", sa.JSON),
    sa.Column("latency", sa.JSON),
    sa.Column("fingerprint", sa.String(16), index=True),  # of what was asked for; None before version 0.4
    sa.Column("estimate", sa.Float),  # how many seconds it was thought to take when it was asked for
)


owners = sa.Table(
    "owners",
    metadata,
    sa.Column("study", sa.ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("visitor", sa.String(64), primary_key=True, index=True),
    sa.Column("since", sa.Float, nullable=False),
)


runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("fingerprint", sa.String(16), nullable=False, index=True),
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("created", sa.Float, nullable=False, index=True),
    sa.Column("finished", sa.Float),
    sa.Column("seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("epoch", sa.Integer, nullable=False, default=0),
    sa.Column("epochs", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False, default=0),
    sa.Column("steps", sa.Integer, nullable=False, default=0),
    sa.Column("reported_epoch", sa.Integer),
    sa.Column("source", sa.String(16)),  # under which name the dataset's test images are kept
    sa.Column("execution", sa.JSON),
    sa.Column("cost", sa.JSON),
    sa.Column("error", sa.JSON),
)


members = sa.Table(
    "members",
    metadata,
    sa.Column("study", sa.ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("arm", sa.String(16), nullable=False),
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("cell", sa.JSON, nullable=False),
    sa.Column("fingerprint", sa.String(16), nullable=False),
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="SET NULL"), index=True),
    sa.Column("reused", sa.Boolean, nullable=False, default=False),
    sa.Column("against_teacher", sa.JSON),  # agreement and KL with this study's teacher of the same seed, on test
)


epochs = sa.Table(
    "epochs",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("loss", sa.Float, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("applied", sa.JSON, nullable=False),
    sa.Column("scores", sa.JSON, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("shares", sa.JSON),
)


points = sa.Table(
    "points",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.Float, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
)


notes = sa.Table(
    "notes",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("subject", sa.String(32), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("facts", sa.JSON, nullable=False),
)


facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
)
