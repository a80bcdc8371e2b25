"""Where two statements of one card differ: what was published, and what comes out today."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.api.core.documents import fingerprint_of, to_bytes
from services.api.core.pay_bases import read_basis

Document = Mapping[str, Any]

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
