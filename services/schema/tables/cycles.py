"""Cycles, the moves that brought them where they are, and those of grades in calibration."""

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, SmallInteger, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import (
    count,
    day,
    instant,
    key,
    metadata,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import CycleStatus

cycles = Table(
    "cycles",
    metadata,
    tenant_column(),
    key("code"),
    text("scheme"),
    # The version in force when the cycle was opened; null in draft.
    Column("scheme_version", Integer, nullable=True),
    text("period"),
    day("starts_on"),
    day("ends_on"),
    Column("population", JSONB, nullable=False),
    text("timezone"),
    Column("grace_days", SmallInteger, nullable=False),
    text("status"),
    Column("revision", Integer, nullable=False),
    count("version"),
    instant("created_at"),
    instant("closed_at", null=True),
    instant("published_at", null=True),
    # Since when its population may no longer be who its scorecards are of.
    instant("stale_since", null=True),
    one_of("status", CycleStatus),
)

# Append-only.
cycle_moves = Table(
    "cycle_moves",
    metadata,
    tenant_column(),
    key("cycle"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("from_status"),
    text("to_status"),
    text("reason", null=True),
    text("author"),
    instant("moved_at"),
    one_of("from_status", CycleStatus),
    one_of("to_status", CycleStatus),
)

# What a calibration began with: who was ranked with whom, and by what; append-only.
calibration_rounds = Table(
    "calibration_rounds",
    metadata,
    tenant_column(),
    key("cycle"),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("document", LargeBinary, nullable=False),
    instant("began_at"),
)

# Moves of grades in calibration; append-only. A round is known by the number of the cycle's move
# that began it: a cycle that was opened again is calibrated in another round, and what was moved
# before holds no longer.
calibration_moves = Table(
    "calibration_moves",
    metadata,
    tenant_column(),
    key("cycle"),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("scorecard"),
    text("from_grade"),
    text("to_grade"),
    text("reason"),
    text("author"),
    instant("moved_at"),
    CheckConstraint("from_grade <> to_grade", name="grades"),
)
