"""A value from the measures that a receipt states, by the formula that it states.

The formula is read as `docs/formulas.md` says: `+ - * /`, parentheses, numbers, measures with
filters, `previous(...)` and `trailing(days, ...)`. Nothing else is known, so nothing else can run.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from services.verify.arithmetic import Json, Unreadable, number_or_null

_WORDS = re.compile(
    r'\s*([0-9]+(?:\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*"|!=|.)', re.DOTALL
)
_SPANS = ("previous", "trailing")

Key = tuple[str, str]
"""A measure as it is named, and its filter as it is written."""


class NoDenominator(ArithmeticError):
    """The formula divides by zero: there is no value."""


def value_of(formula: str, measures: Sequence[Json]) -> Fraction | None:
    """What a formula makes of its measures; null where one of them has no amount."""
    amounts = {
        (str(each["measure"]), str(each["filters"])): number_or_null(each["amount"])
        for each in measures
    }
    known = {key: amount for key, amount in amounts.items() if amount is not None}
    if len(known) < len(amounts):
        return None
    reader = _Reader(_WORDS.findall(formula.rstrip()), known)
    value = reader.sum("")
    reader.end()
    return value


class _Reader:
    """Reads words from left to right and counts as it goes."""

    def __init__(self, words: Sequence[str], amounts: dict[Key, Fraction]) -> None:
        self._words = [*words, ""]
        self._at = 0
        self._amounts = amounts

    def end(self) -> None:
        if self._words[self._at]:
            raise Unreadable(f"the formula goes on with {self._words[self._at]!r}")

    def sum(self, span: str) -> Fraction:
        """Terms; the span says over which other days their measures are taken."""
        value = self._product(span)
        while (sign := self._words[self._at]) in {"+", "-"}:
            self._at += 1
            term = self._product(span)
            value = value + term if sign == "+" else value - term
        return value

    def _product(self, span: str) -> Fraction:
        value = self._factor(span)
        while (sign := self._words[self._at]) in {"*", "/"}:
            self._at += 1
            factor = self._factor(span)
            if sign == "/" and not factor:
                raise NoDenominator
            value = value * factor if sign == "*" else value / factor
        return value

    def _factor(self, span: str) -> Fraction:
        word = self._take()
        if word == "-":
            return -self._factor(span)
        if word == "(":
            return self._closed(span)
        if word[:1].isdigit():
            return Fraction(word)
        if word in _SPANS:
            return self._spanned(word)
        return self._amount(word, span)

    def _spanned(self, word: str) -> Fraction:
        self._expect("(")
        if word == "previous":
            return self._closed("previous({})")
        days = self._take()
        self._expect(",")
        return self._closed(f"trailing({days}, {{}})")

    def _amount(self, name: str, span: str) -> Fraction:
        filters = self._filters() if self._words[self._at] == "[" else ""
        key = (span.format(name) if span else name, filters)
        if key not in self._amounts:
            raise Unreadable(f"the formula names {key[0]}[{filters}], which the receipt has not")
        return self._amounts[key]

    def _filters(self) -> str:
        """Conditions as receipts write them: one space around a sign, a comma between two."""
        self._expect("[")
        found = [self._condition()]
        while self._words[self._at] in {",", "and"}:
            self._at += 1
            found.append(self._condition())
        self._expect("]")
        return ", ".join(found)

    def _condition(self) -> str:
        dimension, sign = self._take(), self._take()
        if sign != "in":
            return f"{dimension} {sign} {self._take()}"
        self._expect("(")
        values = [self._take()]
        while self._words[self._at] == ",":
            self._at += 1
            values.append(self._take())
        self._expect(")")
        kept = list(dict.fromkeys(values))
        return (
            f"{dimension} = {kept[0]}" if len(kept) == 1 else f"{dimension} in ({', '.join(kept)})"
        )

    def _closed(self, span: str) -> Fraction:
        value = self.sum(span)
        self._expect(")")
        return value

    def _take(self) -> str:
        word = self._words[self._at]
        if not word:
            raise Unreadable("the formula ends too early")
        self._at += 1
        return word

    def _expect(self, word: str) -> None:
        if (found := self._take()) != word:
            raise Unreadable(f"the formula has {found!r} where {word!r} should stand")
