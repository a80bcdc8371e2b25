"""How one field of a posted row is read: exactly, or refused with a code and a sentence.

Each reader stands beside its JSON schema, so that what is checked is what the contract says.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.schema.days import FIRST_YEAR, LAST_YEAR, parse_day
from services.schema.errors import Invalid
from services.schema.money import AMOUNT_DIGITS, AMOUNT_PLACES, places_of

CODE_LENGTH = 64
TEXT_LENGTH = 128
COMMENT_LENGTH = 2000
COUNT_MAXIMUM = 10**12

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SOURCE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_MEASURE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DECIMAL = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_is_amount = re.compile(rf"-?[0-9]{{1,{AMOUNT_DIGITS}}}(?:\.[0-9]{{1,{AMOUNT_PLACES}}})?").fullmatch
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_TOO_LARGE = f"At most {AMOUNT_DIGITS} digits stand before the point."
_TOO_MANY_DECIMALS = f"At most {AMOUNT_PLACES} decimals are kept; more are refused, not rounded."
# Controls, lone surrogates and what turns the direction of the text around it.
_REFUSED = "\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_TEXT = re.compile(f"[^{_REFUSED}]+")
_COMMENT = re.compile(f"(?:[^{_REFUSED}]|[\t\n\r])+")


class Unfit(Exception):
    """A value that its field cannot take."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer


class Odd(str):
    """A number of a JSON text that no field could hold: NaN, or one of far too many digits."""

    __slots__ = ()


class Doubled(dict[str, object]):
    """An object of a JSON text in which a name stands twice."""


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is read, and what the contract says of it."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]


Fields = Mapping[str, Field]
Readers = Mapping[str, Callable[[Any], Any]]


def readers_of(fields: Fields) -> Readers:
    """The readers alone: they are called some twenty times a row."""
    return {name: field.read for name, field in fields.items()}


def read_object(document: object, readers: Readers) -> dict[str, Any]:
    """The fields of an object by name; those that are null are left out."""
    if type(document) is not dict:
        if isinstance(document, Doubled):
            raise Unfit("name_doubled", "A name stands twice in this object.")
        raise Unfit("object_expected", "An object is expected here.")
    values = {}
    name = ""
    try:
        for name, value in document.items():
            read = readers.get(name)
            if read is None:
                raise Unfit("unknown_field", "There is no such field here.")
            if value is not None:
                values[name] = read(value)
    except Unfit as unfit:
        place = f"/{pointer_part(name)}{unfit.pointer}"
        raise Unfit(unfit.code, unfit.detail, place) from None
    return values


def pointer_part(name: str) -> str:
    """A name of whatever a caller sent as a part of a JSON pointer that can be shown and kept."""
    shown = name[:TEXT_LENGTH].encode("utf-8", "backslashreplace").decode()
    return shown.replace("\0", "\\x00").replace("~", "~0").replace("/", "~1")


def text(longest: int = TEXT_LENGTH) -> Field:
    """A line of text."""

    def read(value: Any) -> str:
        # `isprintable` is quick and refuses somewhat too much; the pattern then decides.
        if type(value) is str and 0 < len(value) <= longest:  # noqa: SIM102  reads in two steps
            if value.isprintable() or _TEXT.fullmatch(value):
                return value
        detail = f"A text of 1 to {longest} characters without control characters is expected."
        raise Unfit("text_invalid", detail)

    return Field(read, {"type": "string", "minLength": 1, "maxLength": longest})


def comment() -> Field:
    """A text of several lines."""

    def read(value: Any) -> str:
        if type(value) is str and len(value) <= COMMENT_LENGTH and _COMMENT.fullmatch(value):
            return value
        detail = f"A text of 1 to {COMMENT_LENGTH} characters is expected."
        raise Unfit("text_invalid", detail)

    return Field(read, {"type": "string", "minLength": 1, "maxLength": COMMENT_LENGTH})


def code() -> Field:
    return _matching(_CODE, "code_invalid", "A code is 1 to 64 of A-Z a-z 0-9 . _ -")


def source() -> Field:
    return _matching(_SOURCE, "code_invalid", "A source is 1 to 128 of A-Z a-z 0-9 . _ : -")


def measure_code() -> Field:
    return _matching(_MEASURE, "code_invalid", "A measure's code is like paid_amount")


def currency() -> Field:
    return _matching(_CURRENCY, "currency_invalid", "A currency is three capital letters")


def word(words: type[StrEnum]) -> Field:
    """One of a closed list."""
    known = {member.value: member for member in words}
    listed = ", ".join(known)

    def read(value: Any) -> StrEnum:
        found = known.get(value) if type(value) is str else None
        if found is None:
            raise Unfit("word_unknown", f"One of {listed} is expected.")
        return found

    return Field(read, {"type": "string", "enum": list(known)})


def amount(*, negative: bool = False) -> Field:
    """An exact decimal of 14 digits and 4 decimals, as text or as a JSON number."""

    def read(value: Any) -> Decimal:
        number = Decimal(value) if type(value) is str and _is_amount(value) else _number(value)
        if number < 0 and not negative:
            raise Unfit("amount_negative", "It cannot be below zero.")
        return number

    sign = "-?" if negative else ""
    pattern = rf"^{sign}[0-9]{{1,{AMOUNT_DIGITS}}}(\.[0-9]{{1,{AMOUNT_PLACES}}})?$"
    return Field(read, {"anyOf": [{"type": "string", "pattern": pattern}, {"type": "number"}]})


def count(maximum: int = COUNT_MAXIMUM) -> Field:
    def read(value: Any) -> int:
        if type(value) is int and 0 <= value <= maximum:
            return value
        raise Unfit("count_invalid", f"A whole number from 0 to {maximum} is expected.")

    return Field(read, {"type": "integer", "minimum": 0, "maximum": maximum})


def choice(*numbers: int) -> Field:
    """One of a few whole numbers."""

    def read(value: Any) -> int:
        if type(value) is int and value in numbers:
            return value
        raise Unfit("number_unknown", f"One of {', '.join(map(str, numbers))} is expected.")

    return Field(read, {"type": "integer", "enum": list(numbers)})


def flag() -> Field:
    def read(value: Any) -> bool:
        if type(value) is bool:
            return value
        raise Unfit("flag_invalid", "true or false is expected.")

    return Field(read, {"type": "boolean"})


def instant() -> Field:
    """A moment with its offset."""

    def read(value: Any) -> datetime:
        if type(value) is str and _INSTANT.fullmatch(value):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                pass
            else:
                if FIRST_YEAR <= moment.year <= LAST_YEAR:
                    return moment
        raise Unfit("time_invalid", "A time such as 2026-10-31T16:30:00+08:00 is expected.")

    return Field(read, {"type": "string", "format": "date-time"})


def day() -> Field:
    def read(value: Any) -> date:
        if type(value) is str:
            try:
                found = parse_day(value)
            except Invalid:
                pass
            else:
                if FIRST_YEAR <= found.year <= LAST_YEAR:
                    return found
        raise Unfit("day_invalid", "A day such as 2026-10-31 is expected.")

    return Field(read, {"type": "string", "format": "date"})


def items(inner: Callable[[Any], Any], schema: Mapping[str, Any], *, most: int) -> Field:
    """A list of so many things at most."""

    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or len(value) > most:
            raise Unfit("list_invalid", f"A list of at most {most} is expected.")
        read_items = []
        for index, item in enumerate(value):
            try:
                read_items.append(inner(item))
            except Unfit as unfit:
                raise Unfit(unfit.code, unfit.detail, f"/{index}{unfit.pointer}") from None
        return tuple(read_items)

    return Field(read, {"type": "array", "items": schema, "maxItems": most})


def _matching(pattern: re.Pattern[str], fault: str, sentence: str) -> Field:
    matches = pattern.fullmatch

    def read(value: Any) -> str:
        if type(value) is str and matches(value):
            return value
        raise Unfit(fault, f"{sentence}.")

    return Field(read, {"type": "string", "pattern": f"^{pattern.pattern}$"})


def _number(value: object) -> Decimal:
    """A JSON number, if it can be kept as it is; of a text, only what is wrong with it.

    Booleans, floats, full-width digits and `1_000` are no numbers.
    """
    if type(value) is str and _DECIMAL.fullmatch(value):
        whole, _, places = value.removeprefix("-").partition(".")
        if len(places) > AMOUNT_PLACES:
            raise Unfit("too_many_decimals", _TOO_MANY_DECIMALS)
        assert len(whole) > AMOUNT_DIGITS, "any other text of digits is a plain amount"
        raise Unfit("amount_too_large", _TOO_LARGE)
    if type(value) is not int and not isinstance(value, Decimal):
        raise Unfit("amount_invalid", 'A decimal number such as "128.50" is expected.')
    number = Decimal(value)
    if not number.is_finite():
        raise Unfit("amount_invalid", 'A decimal number such as "128.50" is expected.')
    if number and number.adjusted() >= AMOUNT_DIGITS:
        raise Unfit("amount_too_large", _TOO_LARGE)
    if number and places_of(number) > AMOUNT_PLACES:
        raise Unfit("too_many_decimals", _TOO_MANY_DECIMALS)
    return number or Decimal(0)
