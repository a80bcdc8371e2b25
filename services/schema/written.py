"""JSON that is read so that it can be written as it came: its digits, and names that stand twice.

What no reader could take for a plain value is of a type of its own here, so that it is at fault
where it is looked at, and nowhere else.
"""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

_MOST_DIGITS = 4000
"""Python itself refuses whole numbers of some more."""


class Digits(Decimal):
    """A number that a Decimal would write otherwise: `1e3`, `-0`, one of thousands of digits."""

    __slots__ = ("written",)

    written: str

    def __new__(cls, written: str) -> Self:
        made = super().__new__(cls, written)
        made.written = written
        return made


@dataclass(frozen=True, slots=True)
class NoNumber:
    """What stands where a number should, and is none: `NaN`, or an exponent of twenty digits."""

    written: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """All that one object says under the same name."""

    name: str
    values: tuple[object, ...]

    def __hash__(self) -> int:
        return hash(self.name)


def read_written(text: str) -> object:
    """The value of a JSON text; raises ValueError or RecursionError for one that is none."""
    return json.loads(
        text,
        parse_int=_whole,
        parse_float=_number,
        parse_constant=NoNumber,
        object_pairs_hook=_object,
    )


def write_again(value: object) -> str:
    """The text of what was read, without its spaces; in ASCII, so that it can be kept."""
    mark = "#"
    while True:
        found: list[str] = []

        def note(odd: object, mark: str = mark, found: list[str] = found) -> str:
            found.append(_written(odd))
            return mark

        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=note)
        if not found:
            return text
        parts = text.split(f'"{mark}"')
        if len(parts) == len(found) + 1:
            return "".join(part + odd for part, odd in zip(parts, [*found, ""], strict=True))
        # Somebody wrote just that.
        mark += "#"


def _written(odd: object) -> str:
    if isinstance(odd, Digits | NoNumber):
        return odd.written
    if isinstance(odd, Decimal):
        return str(odd)
    if isinstance(odd, Repeated):
        first, *others = map(write_again, odd.values)
        return "".join([first, *(f",{json.dumps(odd.name)}:{other}" for other in others)])
    raise TypeError(f"JSON has no {type(odd).__name__}")


def _whole(written: str) -> object:
    if written == "-0" or len(written) > _MOST_DIGITS:
        return Digits(written)
    return int(written)


def _number(written: str) -> object:
    try:
        number = Decimal(written)
    except InvalidOperation:
        return NoNumber(written)
    return number if str(number) == written else Digits(written)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        said: dict[str, list[object]] = {}
        for name, value in pairs:
            said.setdefault(name, []).append(value)
        for name, values in said.items():
            if len(values) > 1:
                found[name] = Repeated(name, tuple(values))
    return found
