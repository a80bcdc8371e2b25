"""Mappings of files: a tenant's own are put, and rows of a file arrive by one."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from services.door.audit import append_entry, take_numbers
from services.ingest.core.bodies import BodyBroken, Posted
from services.ingest.core.fields import Unfit
from services.ingest.core.mapping_checks import check_mapping
from services.ingest.core.mapping_groups import group_rows, last_rows
from services.ingest.core.mapping_values import CellUnfit
from services.ingest.core.mappings import (
    BoundMapping,
    HeadingsMissing,
    MappedRow,
    Stated,
    bind,
    form_of,
    row_text,
    say_again,
    takes_shop,
    totals_of,
)
from services.ingest.core.rejections import CAME
from services.ingest.flows.arrivals import Arrival, Unread, names_in
from services.ingest.store.facts import read_traffic_forms
from services.ingest.store.mappings import read_mappings, save_mapping
from services.ingest.store.people import read_shops, read_tenant
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Fault, Invalid
from services.schema.money import plain
from services.schema.shapes.facts import TrafficForm
from services.schema.shapes.mappings import FileMapping
from services.schema.shapes.people import Caller
from services.schema.shapes.reconciliations import DayStatement
from services.schema.words import FactKind, Outcome

MAPPINGS = "mappings"
GROUPED_LIMIT = 100_000
"""Rows of a file that are grouped: where each order ends is held."""
Rows = Iterator[tuple[int, list[str]]]
Forms = Mapping[tuple[str, str], TrafficForm]
"""By shop and day."""
Said = dict[tuple[str, date], DayStatement]
"""By shop and day."""
Permit = Callable[[str | None], None]
"""Sees the document as it is, once nobody else can change it, and may refuse the new one."""


class FileRows:
    """A file on its way in by a mapping; it can be read more than once."""

    def __init__(
        self,
        mapping: FileMapping,
        ways: Sequence[Callable[[], Rows]],
        stated: Stated,
        forms: Forms,
    ) -> None:
        self.mapping = mapping
        self.stated = stated
        self.lines: list[int] = []
        """The file's own number of each arrival: a row may bring several."""
        self.skipped = 0
        """Rows that are no fact: empty ones, totals."""
        self._said: dict[int, DayStatement] = {}
        """By arrival."""
        self._ways = ways
        self._last: dict[str, int] | None = None
        self._forms = forms

    def arrivals(self) -> Iterator[Arrival]:
        """What arrives, numbered from 1."""
        self.lines.clear()
        self._said.clear()
        self.skipped = 0
        bound, rows = self.read()
        for row in rows:
            if not row.documents:
                self.skipped += 1
            yield from self._arrive(bound, row)

    def said(self, refused: Collection[int]) -> list[DayStatement]:
        """What the arrivals that were not refused say of days, each day once."""
        kept = (said for number, said in self._said.items() if number not in refused)
        return list({(said.shop, said.day): said for said in kept}.values())

    def read(self) -> tuple[BoundMapping, Iterator[MappedRow]]:
        """The mapping over the file's headings, and what each row after them became."""
        if not self.mapping.grouped:
            return self._read()
        if self._last is None:
            # A first reading tells when an order is complete, so that few are held at once.
            _, rows = self._read()
            self._last = last_rows(islice(rows, GROUPED_LIMIT))
            if next(rows, None) is not None:
                raise BodyBroken(f"A file of grouped rows has at most {GROUPED_LIMIT} of them.")
        bound, rows = self._read()
        return bound, group_rows(rows, self._last, self.mapping.sums)

    def _read(self) -> tuple[BoundMapping, Iterator[MappedRow]]:
        bound, rows = self.open()
        said: Said = {}
        read = (bound.read(line, cells, self.stated) for line, cells in rows)
        return bound, (self._checked(row, said) for row in read)

    def _checked(self, row: MappedRow, said: Said) -> MappedRow:
        """A row of traffic is refused whose day stands in the other form already, and one that
        says something else of a day than a row before.
        """
        for document in row.documents if self._forms and row.unfit is None else ():
            stands = self._forms.get((str(document.get("shop")), str(document.get("day"))))
            if stands not in {None, form_of(document)}:
                return replace(row, unfit=_twice(document), said=None)
        if row.said is not None:
            before = said.setdefault((row.said.shop, row.said.day), row.said)
            if before != row.said:
                return replace(row, unfit=_contradiction(row.said), said=None)
        return row

    def open(self) -> tuple[BoundMapping, Rows]:
        """The mapping over the file's headings, and the rows after them.

        The first way to read the file by which they are found; otherwise what the nearest lacks.
        """
        nearest: HeadingsMissing | None = None
        broken: BodyBroken | None = None
        for way in self._ways:
            rows = way()
            try:
                return bind(self.mapping, rows), rows
            except HeadingsMissing as error:
                if nearest is None or error.missing < nearest.missing:
                    nearest = error
            except BodyBroken as error:
                broken = error
        raise nearest or broken or BodyBroken("The file cannot be read.")

    def line_of(self, number: int) -> int:
        return self.lines[number - 1]

    def _arrive(self, bound: BoundMapping, row: MappedRow) -> Iterator[Arrival]:
        for document in row.documents:
            self.lines.append(row.line)
            number = len(self.lines)
            came = partial(self._came, bound, row, document)
            if row.said is not None:
                self._said[number] = row.said
            if row.unfit is None:
                yield Posted(number, row_text(document), document, came)
            else:
                names = names_in(self.mapping.kind, document)
                yield Unread(number, row.unfit, *names, came())

    def _came(self, bound: BoundMapping, row: MappedRow, document: Mapping[str, Any]) -> str:
        """The row as a document, and as it stood in its file."""
        came = {
            "mapping": self.mapping.code,
            "stated_at": self.stated.at,
            "rows": bound.cells_of(row.came),
        }
        return row_text({**document, CAME: came})


async def read_forms(session: ReadSession, mapping: FileMapping, shop: str | None) -> Forms:
    """How the days of traffic stand that the file's source has stated; of other kinds nothing."""
    if mapping.kind is not FactKind.TRAFFIC:
        return {}
    source = mapping.source or mapping.code
    return await read_traffic_forms(session, source if shop is None else f"{source}:{shop}")


async def define_mapping(
    session: WriteSession,
    stated: FileMapping,
    document: str,
    *,
    permit: Permit,
    caller: Caller,
    at: datetime,
) -> Outcome:
    """Put a mapping of the tenant's own; what came in by the one before stays as it is."""
    check_mapping(stated)
    await take_numbers(session, MAPPINGS, 1)
    before = (await read_mappings(session, [stated.code])).get(stated.code)
    permit(before)
    if before == document:
        return Outcome.DUPLICATE
    await save_mapping(session, stated.code, document, author=caller.name, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="mapping.define",
        subject=f"mapping:{stated.code}",
        detail={
            "kind": stated.kind.value,
            "sha256": hashlib.sha256(document.encode()).hexdigest(),
            "sha256_before": hashlib.sha256(before.encode()).hexdigest() if before else None,
        },
    )
    return Outcome.UPDATED if before else Outcome.CREATED


async def say_of_file(
    session: ReadSession, mapping: FileMapping, kind: FactKind, *, shop: str | None, at: datetime
) -> Stated:
    """What is said of all rows of a file; refuses a shop where none may or must be named."""
    if mapping.kind is not kind:
        raise _refuse("?mapping", "kind_differs", f"The mapping is of {mapping.kind}, not {kind}.")
    stated = await _said_of_all(session, shop, at)
    if takes_shop(mapping) and shop is None:
        raise _refuse("?shop", "shop_missing", "The mapping does not say of which shop rows are.")
    if not takes_shop(mapping) and shop is not None:
        raise _refuse("?shop", "shop_stated", "The mapping itself says whose the rows are.")
    if shop is not None and shop not in stated.zones:
        raise _refuse("?shop", "unknown_shop", f"There is no shop {shop}.")
    return stated


async def say_of_kept(
    session: ReadSession, document: Mapping[str, Any], mapping: FileMapping
) -> DayStatement | None:
    """What a refused row of a file says of its shop's day, read again; raises CellUnfit."""
    came = document[CAME]
    stated = await _said_of_all(session, None, datetime.fromisoformat(came["stated_at"]))
    return say_again(mapping, came["rows"][0]["cells"], {**document}, stated)


async def _said_of_all(session: ReadSession, shop: str | None, at: datetime) -> Stated:
    shops = await read_shops(session)
    home = (await read_tenant(session)).timezone
    zones = {code: ZoneInfo(each.timezone) for code, each in shops.items()}
    return Stated(shop, at.isoformat(), zones, ZoneInfo(home))


def _twice(document: Mapping[str, Any]) -> CellUnfit:
    """Visitors of channels are parts of the shop's, and overlap: one of the two is the total."""
    is_part = form_of(document) is TrafficForm.PARTS
    stands, comes = ("whole", "by channel") if is_part else ("by channel", "whole")
    detail = (
        f"This shop's day stands {stands} already; {comes} as well its visitors would count twice. "
        "State what stands with 0 visitors first."
    )
    cell = str(document.get("channel", ""))
    return CellUnfit(Unfit("counted_twice", detail), field="channel", column="", cell=cell)


def _contradiction(said: DayStatement) -> CellUnfit:
    ((field, total), *_) = totals_of(said)
    unfit = Unfit("rows_contradict", f"A row before says something else of {said.day}.")
    return CellUnfit(unfit, field=field, column="", cell=plain(total))


def _refuse(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(code, detail, [Fault(pointer, code, detail)])
