"""What people state for a card: marks, who is asked for them, rewards and penalties. Append-only.

They are about a subject in a cycle, not about one revision of its card, so that they stay when the
cycle is opened again.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.tables.base import (
    instant,
    key,
    metadata,
    numbers,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import RaterRole, SubjectKind

ratings = Table(
    "ratings",
    metadata,
    tenant_column(),
    key("cycle"),
    key("subject_kind"),
    key("subject"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("id"),
    text("item"),
    text("role"),
    # An employee's code, a key's name, or what HR calls somebody outside.
    text("rater"),
    Column("mark", Numeric(10, 4), nullable=True),
    Column("level", SmallInteger, nullable=True),
    Column("behaviours", ARRAY(SmallInteger), nullable=True),
    text("comment", null=True),
    text("author"),
    instant("stated_at"),
    UniqueConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    one_of("subject_kind", SubjectKind),
    one_of("role", RaterRole),
    numbers("mark"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("num_nonnulls(mark, level, behaviours) = 1", name="stated"),
)

raters = Table(
    "raters",
    metadata,
    tenant_column(),
    key("cycle"),
    key("subject_kind"),
    key("subject"),
    key("role"),
    key("employee"),
    text("author"),
    instant("invited_at"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    ForeignKeyConstraint(["tenant_id", "employee"], ["employees.tenant_id", "employees.code"]),
    one_of("subject_kind", SubjectKind),
    one_of("role", RaterRole),
)

# In points; what is in money stands beside the payouts.
adjustments = Table(
    "adjustments",
    metadata,
    tenant_column(),
    key("cycle"),
    key("subject_kind"),
    key("subject"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("id"),
    Column("points", Numeric(9, 2), nullable=False),
    text("reason"),
    text("author"),
    instant("stated_at"),
    text("withdraws", null=True),
    UniqueConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "withdraws"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    ForeignKeyConstraint(["tenant_id", "withdraws"], ["adjustments.tenant_id", "adjustments.id"]),
    one_of("subject_kind", SubjectKind),
    numbers("points"),
    CheckConstraint("number > 0", name="number"),
)
