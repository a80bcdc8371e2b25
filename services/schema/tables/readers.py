"""Who was shown which scorecard on which day: appended behind the readings, never changed."""

from sqlalchemy import Table

from services.schema.tables.base import day, instant, key, metadata, one_of, tenant_column, text
from services.schema.words import Role

readers = Table(
    "readers",
    metadata,
    tenant_column(),
    key("scorecard"),
    day("day", primary_key=True),
    key("reader"),
    key("route"),
    text("role"),
    text("employee", null=True),
    instant("read_at"),
    one_of("role", Role),
)
