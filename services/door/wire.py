"""The words of the wire: pydantic types for codes, days, instants and exact decimals.

Decimals come in as strings or JSON numbers, never as binary floats, and go out as strings.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from services.schema.days import FIRST_YEAR, LAST_YEAR, is_timezone
from services.schema.money import (
    AMOUNT_DIGITS,
    AMOUNT_PLACES,
    SCORE_PLACES,
    TOTAL_PLACES,
    VALUE_PLACES,
    places_of,
)

CODE = r"^[A-Za-z0-9._-]{1,64}$"
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_TOO_FINE = re.compile(r"[.,][0-9]{7}", re.ASCII)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Model(BaseModel):
    """A payload: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def at_most(members: int) -> BeforeValidator:
    """Refuses a map of more members before any of them is looked at."""

    def check(value: object) -> object:
        if isinstance(value, dict) and len(value) > members:
            raise ValueError(f"at most {members} members are taken, not {len(value)}")
        return value

    return BeforeValidator(check)


def decimal_in(digits: int, places: int, *, minimum: Decimal | None = None) -> Any:
    """A type that reads an exact decimal of so many digits before and after the point."""

    def read(value: object) -> Decimal:
        number = _number(value)
        if number is None:
            raise ValueError('a decimal number is expected, such as "128.50"')
        if number and number.adjusted() >= digits:
            raise ValueError(f"at most {digits} digits stand before the point")
        if number and places_of(number) > places:
            raise ValueError(f"at most {places} decimals are kept; more are refused, not rounded")
        if minimum is not None and number < minimum:
            raise ValueError(f"it must be at least {minimum}")
        return number or Decimal(0)

    pattern = rf"^-?[0-9]{{1,{digits}}}(\.[0-9]{{1,{places}}})?$"
    schema = {"anyOf": [{"type": "string", "pattern": pattern}, {"type": "number"}]}
    return Annotated[Decimal, BeforeValidator(read), WithJsonSchema(schema, mode="validation")]


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, str) and len(value) <= 64 and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return None


def _read_day(value: object) -> object:
    """A day is exactly ten characters; what pydantic would also take is refused."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            raise ValueError("a day is expected, such as 2026-10-31")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError("there is no such day") from None
        _check_year(day)
        return day
    return value


def _read_instant(value: object) -> object:
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value) if "T" in value else None
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            raise ValueError("a time with its offset is expected, such as 2026-10-31T16:30:00Z")
        if _TOO_FINE.search(value):
            raise ValueError("a time is kept to the microsecond; more is refused, not cut off")
        _check_year(instant)
        return instant
    return value


def _check_year(day: date) -> None:
    """Days are counted on from; at the ends of what a date can be there is no next one."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR} is expected")


def _check_timezone(name: str) -> str:
    if not is_timezone(name):
        raise ValueError("a time zone of the IANA data base is expected, such as Asia/Shanghai")
    return name


def _check_text(text: str) -> str:
    if _CONTROLS.search(text):
        raise ValueError("control characters and lone surrogates cannot be kept")
    return text


Code = Annotated[str, StringConstraints(pattern=CODE)]
FormulaCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_check_text)]
LongText = Annotated[
    str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_check_text)
]
Timezone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_check_timezone)]
Day = Annotated[date, BeforeValidator(_read_day)]
Instant = Annotated[datetime, BeforeValidator(_read_instant)]
PeriodCode = Annotated[str, StringConstraints(min_length=4, max_length=21)]
SubjectText = Annotated[
    str,
    StringConstraints(pattern=r"^(company|(employee|unit|shop):[A-Za-z0-9._-]{1,64})$"),
]

AmountIn = decimal_in(AMOUNT_DIGITS, AMOUNT_PLACES)
ValueIn = decimal_in(AMOUNT_DIGITS, VALUE_PLACES)
ScoreIn = decimal_in(6, SCORE_PLACES)
PointsIn = decimal_in(6, TOTAL_PLACES)
WeightIn = decimal_in(6, SCORE_PLACES)
PercentIn = decimal_in(3, SCORE_PLACES)
PartIn = decimal_in(6, SCORE_PLACES, minimum=Decimal(0))
PastIn = decimal_in(AMOUNT_DIGITS, VALUE_PLACES, minimum=Decimal(0))
GrowthIn = decimal_in(4, SCORE_PLACES, minimum=Decimal(-1))
RateIn = decimal_in(10, 10)

DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["128.50"])]
"""A decimal on its way out: written by `money.plain` or `money.fixed`."""
