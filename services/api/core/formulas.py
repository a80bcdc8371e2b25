"""Formulas: a small language over measures, read into a tree and computed exactly, rounded once.

    net       paid_amount - refund_amount
    share     paid_amount[channel = "search"] / paid_amount
    any       visitors[campaign != "", shop in ("tm-1", "tm-2")] / visitors
    growth    paid_amount / previous(paid_amount) - 1
    window    trailing(30, repeat_buyers / buyers)
    calendar  cost_amount / period_days

A formula is data: it names measures and four operations, and can reach nothing else. What it may
cost is bounded before it is read: its length, its depth, and the digits of its numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import NoReturn

from services.schema.errors import Fault, Invalid
from services.schema.shapes.measures import Condition

LONGEST = 2000
"""Characters of a formula."""
DEEPEST = 20
"""Parentheses and functions inside one another."""
LONGEST_WINDOW_DAYS = 731


class CalendarNumber(StrEnum):
    """What a period itself gives."""

    DAYS = "period_days"
    MONTHS = "period_months"


class Function(StrEnum):
    """Over which other days a part of a formula is taken."""

    PREVIOUS = "previous"
    """The period before."""
    TRAILING = "trailing"
    """So many days that end with the period."""


RESERVED = frozenset({*CalendarNumber, *Function, "in", "and"})
"""Names that no measure can have."""


@dataclass(frozen=True, slots=True)
class Span:
    """Over which days a measure is taken, seen from the period that was asked for."""

    previous: bool = False
    trailing_days: int | None = None

    def named(self, name: str) -> str:
        """A measure as the formula names it."""
        if self.previous:
            return f"{Function.PREVIOUS}({name})"
        if self.trailing_days is not None:
            return f"{Function.TRAILING}({self.trailing_days}, {name})"
        return name


SAME = Span()


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Calendar:
    """A number of the calendar, over the days of a span."""

    number: CalendarNumber
    span: Span


@dataclass(frozen=True, slots=True)
class Amount:
    """A measure with its filter, over the days of a span."""

    measure: str
    conditions: tuple[Condition, ...]
    span: Span
    place: int = field(compare=False)
    """Where the formula names it first, from 1."""

    @property
    def filters(self) -> str:
        """The filter as a formula states it; empty without one."""
        return ", ".join(_written(condition) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms to add, each with whether it is taken away."""

    terms: tuple[tuple[bool, "Expression"], ...]
    place: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Product:
    """Factors to multiply, each with whether it divides."""

    factors: tuple[tuple[bool, "Expression"], ...]


Expression = Number | Calendar | Amount | Sum | Product
Leaf = Calendar | Amount


class NoDenominator(ArithmeticError):
    """A divisor came out as zero: there is no value."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read, and what it is made of."""

    text: str
    root: Expression
    amounts: tuple[Amount, ...]
    """Each measure, filter and span once, in the order of the text."""
    calendars: tuple[Calendar, ...]

    def evaluate(self, values: Mapping[Leaf, Fraction]) -> Fraction:
        """The exact value; raises NoDenominator for a division by zero."""
        return _evaluate(self.root, values)


@lru_cache(maxsize=2000)
def parse_formula(text: str) -> Formula:
    """Read a formula; refuses with the place of the error what is not one."""
    if len(text) > LONGEST:
        detail = f"A formula has at most {LONGEST} characters, this one has {len(text)}."
        raise Invalid("formula_invalid", detail, [Fault("/formula", "formula_too_long", detail)])
    parser = _Parser(text)
    root = parser.expression(SAME, 0)
    parser.finish()
    return Formula(text, root, tuple(parser.amounts), tuple(parser.calendars))


def refuse(code: str, detail: str, place: int) -> NoReturn:
    """Refuse a formula at a place of its text, counted from 1."""
    sentence = f"{detail} (at character {place} of the formula)"
    raise Invalid("formula_invalid", sentence, [Fault("/formula", code, sentence)])


def _evaluate(expression: Expression, values: Mapping[Leaf, Fraction]) -> Fraction:
    if isinstance(expression, Number):
        return Fraction(expression.value)
    if isinstance(expression, Sum):
        total = Fraction(0)
        for taken_away, term in expression.terms:
            part = _evaluate(term, values)
            total = total - part if taken_away else total + part
        return total
    if isinstance(expression, Product):
        result = Fraction(1)
        for divides, factor in expression.factors:
            part = _evaluate(factor, values)
            if divides and not part:
                raise NoDenominator
            result = result / part if divides else result * part
        return result
    return values[expression]


def _constant(expression: Expression) -> Fraction | None:
    """The value of an expression that names nothing; null for any other."""
    try:
        return _evaluate(expression, {})
    except KeyError:
        return None


def _written(condition: Condition) -> str:
    texts = [json_text(value) for value in condition.values]
    if len(texts) == 1:
        return f"{condition.dimension} {'!=' if condition.negated else '='} {texts[0]}"
    return f"{condition.dimension} in ({', '.join(texts)})"


def json_text(value: str) -> str:
    """A text as formulas quote it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Kind(StrEnum):
    NUMBER = "number"
    NAME = "name"
    TEXT = "text"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    text: str
    place: int


_TOKENS = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<number>[0-9]{1,14}(?:\.[0-9]{1,10})?(?![0-9.A-Za-z_]))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]{0,63}(?![A-Za-z0-9_]))
      | (?P<text>"(?:[^"\\\x00-\x1f]|\\["\\]){0,200}")
      | (?P<mark>!=|[-+*/()\[\],=])
      | (?P<end>\Z)
    )""",
    re.VERBOSE | re.ASCII,
)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while not found or found[-1].kind is not _Kind.END:
        match = _TOKENS.match(text, at)
        if match is None or match.lastgroup is None:
            start = at + len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))
            refuse("formula_unreadable", f"{text[start : start + 20]!r} cannot be read.", start + 1)
        kind = _Kind(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        at = match.end()
    return found


class _Parser:
    """Reads tokens from left to right; a deeper call is bounded, a longer formula is a loop."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self.amounts: dict[Amount, None] = {}
        self.calendars: dict[Calendar, None] = {}

    def finish(self) -> None:
        if self._ahead.kind is not _Kind.END:
            self._refuse("an operation or the end")

    def expression(self, span: Span, depth: int) -> Expression:
        """Terms between `+` and `-`."""
        place = self._ahead.place
        terms = [(False, self._term(span, depth))]
        while mark := self._take("+", "-"):
            terms.append((mark.text == "-", self._term(span, depth)))
        return terms[0][1] if len(terms) == 1 else Sum(tuple(terms), place)

    def _term(self, span: Span, depth: int) -> Expression:
        """Factors between `*` and `/`."""
        factors = [(False, self._factor(span, depth))]
        while mark := self._take("*", "/"):
            place = self._ahead.place
            factor = self._factor(span, depth)
            if mark.text == "/" and _constant(factor) == 0:
                refuse("division_by_zero", "This divides by zero.", place)
            factors.append((mark.text == "/", factor))
        return factors[0][1] if len(factors) == 1 else Product(tuple(factors))

    def _factor(self, span: Span, depth: int) -> Expression:
        place = self._ahead.place
        negative = False
        while self._take("-"):
            negative = not negative
        plain = self._plain(span, depth)
        return Sum(((True, plain),), place) if negative else plain

    def _plain(self, span: Span, depth: int) -> Expression:
        token = self._ahead
        if token.kind is _Kind.NUMBER:
            self._next += 1
            return Number(Decimal(token.text))
        if token.kind is _Kind.NAME:
            self._next += 1
            return self._named(token, span, depth)
        if self._take("("):
            return self._closed(span, self._deeper(depth, token))
        return self._refuse("a number, a measure or `(`")

    def _named(self, token: _Token, span: Span, depth: int) -> Expression:
        if token.text in set(Function):
            return self._function(token, span, self._deeper(depth, token))
        if token.text in set(CalendarNumber):
            calendar = Calendar(CalendarNumber(token.text), span)
            self.calendars[calendar] = None
            return calendar
        if token.text in RESERVED:
            refuse("formula_unreadable", f"A measure is not named {token.text!r}.", token.place)
        conditions = self._conditions() if self._take("[") else ()
        amount = Amount(token.text, conditions, span, token.place)
        self.amounts.setdefault(amount)
        return amount

    def _function(self, token: _Token, span: Span, depth: int) -> Expression:
        self._expect("(")
        if span != SAME:
            refuse("formula_nested", f"{token.text} does not stand inside another.", token.place)
        if token.text == Function.PREVIOUS:
            return self._closed(Span(previous=True), depth)
        days = self._ahead
        whole = days.kind is _Kind.NUMBER and days.text.isdigit()
        if not whole or not 1 <= int(days.text) <= LONGEST_WINDOW_DAYS:
            self._refuse(f"a number of days from 1 to {LONGEST_WINDOW_DAYS}")
        self._next += 1
        self._expect(",")
        return self._closed(Span(trailing_days=int(days.text)), depth)

    def _closed(self, span: Span, depth: int) -> Expression:
        inside = self.expression(span, depth)
        self._expect(")")
        return inside

    def _conditions(self) -> tuple[Condition, ...]:
        """`channel = "search", campaign != ""`, up to the closing bracket."""
        found = [self._condition()]
        while self._take(",") or self._take_name("and"):
            found.append(self._condition())
        self._expect("]")
        return tuple(found)

    def _condition(self) -> Condition:
        dimension = self._ahead
        if dimension.kind is not _Kind.NAME:
            self._refuse("shop, channel or campaign")
        self._next += 1
        if self._take_name("in"):
            self._expect("(")
            values = [self._text()]
            while self._take(","):
                values.append(self._text())
            self._expect(")")
            return Condition(dimension.text, tuple(dict.fromkeys(values)))
        mark = self._take("=", "!=") or self._refuse("=, != or in")
        return Condition(dimension.text, (self._text(),), negated=mark.text == "!=")

    def _text(self) -> str:
        token = self._ahead
        if token.kind is not _Kind.TEXT:
            self._refuse('a text such as "search"')
        self._next += 1
        return re.sub(r"\\(.)", r"\1", token.text[1:-1])

    @property
    def _ahead(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *marks: str) -> _Token | None:
        token = self._ahead
        if token.kind is _Kind.MARK and token.text in marks:
            self._next += 1
            return token
        return None

    def _take_name(self, name: str) -> bool:
        taken = self._ahead.kind is _Kind.NAME and self._ahead.text == name
        self._next += taken
        return taken

    def _expect(self, mark: str) -> None:
        if self._take(mark) is None:
            self._refuse(f"`{mark}`")

    def _refuse(self, expected: str) -> NoReturn:
        token = self._ahead
        found = "the end" if token.kind is _Kind.END else f"`{token.text[:40]}`"
        refuse("formula_unreadable", f"Expected {expected}, found {found}.", token.place)

    def _deeper(self, depth: int, token: _Token) -> int:
        if depth >= DEEPEST:
            detail = f"Parentheses and functions are nested more than {DEEPEST} deep."
            refuse("formula_too_deep", detail, token.place)
        return depth + 1
