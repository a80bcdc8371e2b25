"""How a JSON document is read field by field, every fault gathered with its place."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from services.schema.errors import Fault, Invalid
from services.schema.money import places_of

MOST_FAULTS = 50
"""Faults that a refusal names; whoever mends those hears of the rest."""
CODE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
FORMULA_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
VALUE_DIGITS = 14
"""Digits before the point of a value or an amount."""
SCORE_DIGITS = 6
"""Digits before the point of a score, a weight or a share."""

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

Word = TypeVar("Word", bound=StrEnum)
Read = TypeVar("Read")


@dataclass(slots=True)
class Reading:
    """What the fields of one document share while it is read."""

    faults: list[Fault] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Places of fields that nobody has asked for yet."""

    def finish(self) -> None:
        """Refuse the document if anything in it was at fault or never asked for."""
        strangers = [
            Fault(place, "unknown_field", "There is no such field here.") for place in self.unknown
        ]
        faults = sorted(self.faults + strangers, key=lambda fault: fault.pointer)
        if faults:
            detail = f"{faults[0].pointer or '/'}: {faults[0].detail}"
            if len(faults) > 1:
                detail = f"{len(faults)} fields are malformed, the first is {detail}"
            raise Invalid("malformed", detail, faults[:MOST_FAULTS])


class Fields:
    """One object of a document that is being read.

    A field that is left out or null reads as null. A field at fault reads as null too, or as a
    stand-in where one is required: nothing comes of it, for the reading is refused when it ends.
    """

    def __init__(self, content: object, reading: Reading, pointer: str = "") -> None:
        self.pointer = pointer
        self._reading = reading
        self._content: dict[str, object] = {}
        if isinstance(content, dict):
            self._content = content
            reading.unknown.update(self._place(_escaped(name)) for name in content)
        else:
            self.fault("", "object_expected", "An object is expected here.")

    def fault(self, name: str, code: str, detail: str) -> None:
        self._reading.faults.append(Fault(self._place(name), code, detail))

    def skip_rest(self) -> None:
        """Ask nothing more of this object: what else it holds is no fault."""
        for name in self._content:
            self._take(_escaped(name))

    def peek(self, name: str) -> object:
        """A field as it is, before it is known how to read it."""
        return self._content.get(name)

    def text(self, name: str, *, longest: int) -> str | None:
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, str) or not 0 < len(value) <= longest or _CONTROLS.search(value):
            self.fault(name, "text_invalid", f"A text of 1 to {longest} characters is expected.")
            return None
        return value

    def needed_text(self, name: str, *, longest: int) -> str:
        return self._needed(name, self.text(name, longest=longest), "")

    def code(self, name: str, pattern: re.Pattern[str] = CODE) -> str | None:
        value = self._take(name)
        return None if value is None else self._code(name, value, pattern)

    def needed_code(self, name: str, pattern: re.Pattern[str] = CODE) -> str:
        return self._needed(name, self.code(name, pattern), "")

    def codes(self, name: str, pattern: re.Pattern[str], *, most: int) -> tuple[str, ...]:
        """The codes of a list; left out it is empty."""
        values = self._list(name, most)
        codes = (self._code(f"{name}/{at}", value, pattern) for at, value in enumerate(values))
        return tuple(code for code in codes if code is not None)

    def word(self, name: str, words: type[Word]) -> Word | None:
        value = self._take(name)
        return None if value is None else self._word(name, value, words)

    def needed_word(self, name: str, words: type[Word]) -> Word:
        return self._needed(name, self.word(name, words), next(iter(words)))

    def words(self, name: str, words: type[Word], *, most: int) -> tuple[Word, ...]:
        """The words of a list; left out it is empty."""
        values = self._list(name, most)
        read = (self._word(f"{name}/{at}", value, words) for at, value in enumerate(values))
        return tuple(word for word in read if word is not None)

    def decimal(self, name: str, places: int, *, digits: int = SCORE_DIGITS) -> Decimal | None:
        """An exact decimal of so many digits before and after the point, never rounded."""
        value = self._take(name)
        return None if value is None else self._decimal(name, value, places, digits)

    def needed_decimal(self, name: str, places: int, *, digits: int = SCORE_DIGITS) -> Decimal:
        return self._needed(name, self.decimal(name, places, digits=digits), Decimal(0))

    def decimals(self, name: str, places: int, *, most: int) -> tuple[Decimal, ...]:
        """The decimals of a list; left out it is empty."""
        values = enumerate(self._list(name, most))
        read = (self._decimal(f"{name}/{at}", value, places, SCORE_DIGITS) for at, value in values)
        return tuple(each or Decimal(0) for each in read)

    def points(
        self, name: str, *, places: tuple[int, int], most: int
    ) -> tuple[tuple[Decimal, Decimal], ...]:
        """The (value, score) pairs of a list, each with so many decimals."""
        pairs = []
        for index, value in enumerate(self._list(name, most)):
            place = f"{name}/{index}"
            if not isinstance(value, list) or len(value) != 2:
                self.fault(place, "pair_expected", "A list of two numbers is expected.")
                continue
            left = self._decimal(f"{place}/0", value[0], places[0], VALUE_DIGITS)
            right = self._decimal(f"{place}/1", value[1], places[1], SCORE_DIGITS)
            pairs.append((left or Decimal(0), right or Decimal(0)))
        return tuple(pairs)

    def count(self, name: str, *, most: int) -> int | None:
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            self.fault(name, "count_invalid", f"A whole number from 0 to {most} is expected.")
            return None
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.fault(name, "flag_invalid", "true or false is expected.")
        return False

    def part(self, name: str) -> "Fields | None":
        """The object in a field."""
        value = self._take(name)
        return None if value is None else Fields(value, self._reading, self._place(name))

    def needed_part(self, name: str) -> "Fields":
        empty = Fields({}, self._reading, self._place(name))
        return self._needed(name, self.part(name), empty)

    def parts(self, name: str, *, most: int, bare: Collection[str] = ()) -> "list[Fields]":
        """The objects of a list; left out it is empty. A bare text stands for each field named."""
        return [
            Fields(
                dict.fromkeys(bare, value) if bare and isinstance(value, str) else value,
                self._reading,
                self._place(f"{name}/{index}"),
            )
            for index, value in enumerate(self._list(name, most))
        ]

    def one_of(self, names: Collection[str]) -> None:
        """Exactly one of some fields must be stated."""
        if sum(self._content.get(name) is not None for name in names) != 1:
            self.fault("", "one_expected", f"Exactly one of {', '.join(names)} is expected.")

    def _take(self, name: str) -> object:
        self._reading.unknown.discard(self._place(name))
        return self._content.get(name)

    def _place(self, name: str) -> str:
        return f"{self.pointer}/{name}" if name else self.pointer

    def _needed(self, name: str, value: Read | None, stand_in: Read) -> Read:
        if value is None and self._content.get(name) is None:
            self.fault(name, "required", "This field is required.")
        return stand_in if value is None else value

    def _list(self, name: str, most: int) -> list[object]:
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            self.fault(name, "list_invalid", f"A list of at most {most} is expected.")
            return []
        return value

    def _code(self, name: str, value: object, pattern: re.Pattern[str]) -> str | None:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.fault(name, "code_invalid", f"A code of the form {pattern.pattern} is expected.")
        return None

    def _word(self, name: str, value: object, words: type[Word]) -> Word | None:
        if isinstance(value, str) and value in [word.value for word in words]:
            return words(value)
        self.fault(name, "word_unknown", f"One of {', '.join(words)} is expected.")
        return None

    def _decimal(self, name: str, value: object, places: int, digits: int) -> Decimal | None:
        number = _number(value)
        if number is None:
            self.fault(name, "decimal_invalid", 'A decimal number such as "128.50" is expected.')
        elif number and number.adjusted() >= digits:
            detail = f"At most {digits} digits stand before the point."
            self.fault(name, "decimal_too_large", detail)
        elif number and places_of(number) > places:
            detail = f"At most {places} decimals are kept; more are refused, not rounded."
            self.fault(name, "too_many_decimals", detail)
        else:
            return number or Decimal(0)
        return None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        return number if number.is_finite() else None
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return None


def _escaped(name: str) -> str:
    """A field's name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
