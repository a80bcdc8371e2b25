"""The leaves of the graph: decimals, days and instants as the text that REST writes, and words."""

from datetime import date, datetime
from decimal import Decimal
from typing import NewType

import strawberry
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from services.schema import words
from services.schema.money import plain

DecimalText = NewType("DecimalText", str)
DayText = NewType("DayText", str)
InstantText = NewType("InstantText", str)


def day_text(day: date) -> DayText:
    """A day as REST writes it."""
    return DayText(day.isoformat())


def instant_text(instant: datetime) -> InstantText:
    """An instant as REST writes it: in its own offset, `Z` for none."""
    return InstantText(instant.isoformat().replace("+00:00", "Z"))


def decimal_text(value: Decimal | None) -> DecimalText | None:
    """A number as REST writes it, where there is one."""
    return None if value is None else DecimalText(plain(value))


def _same(value: object) -> str:
    if isinstance(value, str):
        return value
    raise GraphQLError("A text is expected.")


def _same_literal(node: ValueNode, _variables: object = None) -> str:
    if isinstance(node, StringValueNode | IntValueNode):
        return node.value
    raise GraphQLError("A text is expected.", node)


def _text_scalar(name: str, description: str) -> ScalarDefinition:
    return strawberry.scalar(
        name=name,
        description=description,
        serialize=_same,
        parse_value=_same,
        parse_literal=_same_literal,
    )


SCALARS: dict[object, ScalarDefinition] = {
    DecimalText: _text_scalar("Decimal", 'An exact decimal number as text: `"96.25"`.'),
    DayText: _text_scalar("Day", 'A day: `"2026-10-31"`.'),
    InstantText: _text_scalar("Instant", "A time with its offset, as RFC 3339 has it."),
}

# Each word is known to the graph by its member's name, which is the word in upper case.
for _word in (
    words.Approver,
    words.Better,
    words.CoefficientOf,
    words.CycleKind,
    words.CycleStatus,
    words.FactKind,
    words.GateOf,
    words.Grain,
    words.IndicatorUnit,
    words.LineStatus,
    words.Marketplace,
    words.Missing,
    words.NoValue,
    words.Of,
    words.PayPlan,
    words.GradeOrigin,
    words.RankedBy,
    words.Unforced,
    words.Role,
    words.RuleKind,
    words.Scope,
    words.ScorecardStatus,
    words.ShopKind,
    words.TargetKind,
    words.TargetLevel,
):
    strawberry.enum(_word, description=_word.__doc__)
