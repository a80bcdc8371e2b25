"""What all tables share: the metadata with its naming law, and the columns that recur."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def tenant_column() -> Column[int]:
    """The distribution key; it leads every primary key."""
    return Column("tenant_id", Integer, primary_key=True, autoincrement=False)


def key(name: str) -> Column[str]:
    """A text that is part of the primary key."""
    return Column(name, Text, primary_key=True)


def text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def instant(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null)


def day(name: str, *, null: bool = False, primary_key: bool = False) -> Column[object]:
    return Column(name, Date, nullable=null, primary_key=primary_key)


def count(name: str, *, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=null, server_default=default)


def amount(name: str, *, null: bool = False) -> Column[Decimal]:
    """Money in the row's currency, as its source stated it: up to four decimals."""
    return Column(name, Numeric(18, 4), nullable=null)


def total(name: str) -> Column[Decimal]:
    """A running sum of amounts, wide enough for ten million of them."""
    return Column(name, Numeric(26, 4), nullable=False, server_default="0")


def tally(name: str) -> Column[int]:
    """A running count."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """A column holds one of a closed list of words."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def numbers(*columns: str) -> CheckConstraint:
    """PostgreSQL's NUMERIC knows NaN and infinities; no column of ours does."""
    tests = " AND ".join(f"{name} NOT IN ('NaN', 'Infinity', '-Infinity')" for name in columns)
    return CheckConstraint(tests, name="numbers")
