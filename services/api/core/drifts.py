"""Where two statements of one card differ: what was published, and what comes out today."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from services.api.core.documents import fingerprint_of, to_bytes
from services.api.core.pay_bases import PayWanted, read_basis
from services.api.core.reach import LateMarks, is_late
from services.api.core.told_cards import ToldCard
from services.api.core.values import Prepared
from services.schema.shapes.indicators import Explained, Value, Wanted
from services.schema.shapes.payouts import PayBasis
from services.schema.words import NoValue

Document = Mapping[str, Any]
AllPrepared = Mapping[Wanted, Prepared]

_OF_LINE = ("value", "target", "attainment", "score", "weight", "points", "status")


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure by its place on the card, as it stood and as it is."""

    figure: str
    before: str | None
    after: str | None


def differences(before: Document, after: Document, *, grades: bool) -> tuple[Difference, ...]:
    """Every figure that differs, total first; grades that calibration gave are not compared."""
    own, other = _figures(before, grades=grades), _figures(after, grades=grades)
    return _differing(own, other)


def basis_differences(before: bytes | None, after: bytes | None) -> tuple[Difference, ...]:
    """What commissions and leaders' plans are paid on, where it differs."""
    return _differing(_bases(before), _bases(after))


def as_counted(
    told: ToldCard,
    asked: Mapping[tuple[int, str, str], Wanted],
    values: Mapping[Wanted, Explained],
    prepared: AllPrepared,
    late: LateMarks,
    *,
    taken: Document | None,
) -> dict[Wanted, Explained] | None:
    """Of the values of a card those that late facts may change, as the card counted them.

    `late` came and were accepted by nobody; `taken` is the card with what was accepted, if any.
    Null where nobody knows what was counted: of the other indicators of a rubric an acceptance
    keeps no figure.
    """
    stood = None if taken is None else _values_of(taken)
    counted: dict[Wanted, Explained] = {}
    for (segment, item, indicator), wanted in asked.items():
        given = told.segments[segment - 1].items[item]
        other = given.others.get(indicator)
        then, now = (given if other is None else other).explained, values.get(wanted)
        if then is None or now is None or now.formula is None:
            continue
        if (then.formula, then.version) != (now.formula, now.version):
            continue
        if stood is not None and other is None:
            then = replace(then, value=stood[segment, item])
        if is_late(prepared[wanted], late, had_rows=_had_rows(then.value)):
            if stood is not None and other is not None:
                return None
            counted[wanted] = then
    return counted


def basis_as_counted(
    then: PayBasis, now: PayBasis, wanted: PayWanted, prepared: AllPrepared, late: LateMarks
) -> tuple[PayBasis, bool]:
    """What a card is paid by now, with what late facts may change as it was counted, if anything.

    `late` count for pay, where a refund has the day of its order.
    """
    held: list[Wanted] = []

    def counted(
        own: Mapping[str, Value], before: Mapping[str, Value], asked: Mapping[str, Wanted]
    ) -> dict[str, Value]:
        kept = {
            name: before[name]
            for name in own.keys() & before.keys()
            if asked[name] in prepared
            and is_late(prepared[asked[name]], late, had_rows=_had_rows(before[name]))
        }
        held.extend(asked[name] for name in kept)
        return {**own, **kept}

    basis = replace(
        now,
        bases=counted(now.bases, then.bases, wanted.bases),
        outputs={
            code: counted(own, then.outputs.get(code, {}), wanted.outputs[code])
            for code, own in now.outputs.items()
        },
    )
    return basis, bool(held)


def drift_document(
    head: Mapping[str, object], found: Sequence[Difference], *, found_at: str
) -> tuple[str, bytes]:
    """A drift as it is stored and served, and what its recomputed figures are known by."""
    figures = [
        {"figure": each.figure, "published": each.before, "recomputed": each.after}
        for each in found
    ]
    known_by = fingerprint_of({"figures": figures})
    document = {**head, "figures": figures, "recomputed": known_by, "found_at": found_at}
    return known_by, to_bytes(document)


def _differing(
    before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> tuple[Difference, ...]:
    return tuple(
        Difference(name, before.get(name), after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def _had_rows(value: Value) -> bool:
    return value.reason is not NoValue.NO_ROWS


def _values_of(card: Document) -> dict[tuple[int, str], Value]:
    """The value of each line of a card by its segment and item; a null one had no rows."""
    return {
        (line.get("segment", 1), line["item"]): Value(None, NoValue.NO_ROWS)
        if line["value"] is None
        else Value(Decimal(line["value"]), None)
        for line in card["lines"]
    }


def _figures(card: Document, *, grades: bool) -> dict[str, str | None]:
    figures: dict[str, str | None] = {"/total": card["total"]}
    if grades:
        figures["/grade"] = card["grade"]
    figures.update(_lines(card["lines"]))
    return figures


def _lines(lines: Sequence[Document]) -> Iterator[tuple[str, str | None]]:
    for line in lines:
        segment = f"/{line['segment']}" if "segment" in line else ""
        for name in _OF_LINE:
            yield f"/lines{segment}/{line['item']}/{name}", line[name]


def _bases(document: bytes | None) -> dict[str, str | None]:
    if document is None:
        return {}
    basis = read_basis(document)
    own = {f"/pay/{code}": value.value for code, value in basis.bases.items()}
    led = {
        f"/pay/{code}/{whose}": value.value
        for code, of_whom in basis.outputs.items()
        for whose, value in of_whom.items()
    }
    return {name: _text(value) for name, value in (own | led).items()}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")
