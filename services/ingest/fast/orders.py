"""The fast twin of `core.facts.check_row` and `core.records.record_of` for posted orders.

Most rows are plain: every amount a text, every time to the second, no escaped character. Such a row
is joined into the line it becomes and one pattern checks it whole. Any other row, and so any row at
fault, gives nothing here and takes the way through the cores, which also says what is wrong.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.ingest.core.bodies import Posted
from services.ingest.core.buyers import Seal
from services.ingest.core.facts import FIELDS, LINE_FIELDS, MOST_LINES, MOST_PIECES, MOST_TAGS
from services.ingest.core.measures import day_in
from services.ingest.core.records import UNTAGGED, Place, Record, amount_text, joined
from services.schema.days import FIRST_YEAR, LAST_YEAR
from services.schema.shapes.facts import LINE_TAGS
from services.schema.words import Exclusion, FactKind

_NAMES = FIELDS[FactKind.ORDERS].keys()
_LINE_NAMES = LINE_FIELDS.keys()
_TAGS = frozenset(LINE_TAGS)
_ORDER = (
    *("source", "id", "shop", "status", "modified_at"),
    *("created_at", "paid_at", "shipped_at", "completed_at"),
    *("buyer", "salesperson", "channel", "campaign", "payment_method"),
    *("paid_amount", "discount_amount", "cost_amount", "exclusion", "currency"),
)
_LINE_ORDER = ("id", "sku", "quantity", "amount")
# Stands for null: a row that holds it itself is not taken.
_NONE = "\0"
_NULL = "\\N"
_NOTHING = Decimal(0)
_NEVER = (_NULL, _NULL)
_LAST_SECOND = timedelta(minutes=59, seconds=59)
_MOST_HOURS = 100_000

_Moment = tuple[str, str]
"""A time, or its hour, in UTC, and the local day."""

_CODE = r"[A-Za-z0-9._-]{1,64}"
_TEXT = "[^\\\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]{1,128}"
_AMOUNT = r"(?:0|[1-9][0-9]{0,13})(?:\.[0-9]{1,4})?"
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9](?:Z|[+-][0-9]{2}:00)"


def _or_null(pattern: str) -> str:
    return f"(?:{_NONE}|{pattern})"


_row = re.compile(
    "\t".join(
        (
            r"[A-Za-z0-9._:-]{1,128}",
            _TEXT,
            _CODE,
            "(?:unpaid|paid|shipped|completed|cancelled|refunded)",
            _INSTANT,
            *[_or_null(_INSTANT)] * 4,
            _or_null(_TEXT),
            _or_null(_CODE),
            *[_or_null(_TEXT)] * 3,
            *[_or_null(_AMOUNT)] * 3,
            _or_null("|".join(Exclusion)),
            _or_null("[A-Z]{3}"),
        )
    )
).fullmatch
_line = re.compile(f"{_TEXT}\t{_TEXT}\t-?{_AMOUNT}(?:\t{_TEXT})*").fullmatch


class OrderRecords:
    """Makes records of plain rows; remembers the hours that it has met, for rows share them."""

    def __init__(self, places: Mapping[str, Place], seal: Seal) -> None:
        self._places = places
        self._seal = seal
        self._hours: dict[tuple[str, str, str], _Moment | None] = {}

    def read(self, posted: Posted) -> Record | None:
        """The record of a plain row; nothing of any other."""
        row, text = posted.document, posted.body
        if type(row) is not dict or not row.keys() <= _NAMES or "\\" in text or _NONE in text:
            return None
        values: list[Any] = list(map(row.get, _ORDER))
        try:
            checked = _row("\t".join([_NONE if value is None else value for value in values]))
        except TypeError:
            return None
        place = self._places.get(values[2]) if checked else None
        return None if place is None else self._make(values, row.get("lines"), place)

    def _make(self, values: list[Any], lines: object, place: Place) -> Record | None:
        (source, known_by, shop, status, modified_at, created_at, paid_at, shipped_at, completed_at,
         buyer, salesperson, channel, campaign, payment_method,
         paid_amount, discount_amount, cost_amount, exclusion, currency) = values  # fmt: skip
        written = _write_lines(lines)
        modified = self._moment(modified_at, place)
        created = self._moment(created_at, place)
        paid = self._moment(paid_at, place)
        shipped = self._moment(shipped_at, place)
        completed = self._moment(completed_at, place)
        if not (written and modified and created and paid and shipped and completed):
            return None
        if not _holds_together(status, paid_at, paid_amount, shipped_at, completed_at):
            return None
        stated = "\t".join(
            (
                shop,
                status,
                created[0],
                paid[0],
                shipped[0],
                completed[0],
                _NULL if buyer is None else self._seal(source, buyer),
                salesperson or "",
                channel or "",
                campaign or "",
                payment_method or _NULL,
                _amount(paid_amount or "0"),
                _amount(discount_amount or "0"),
                _amount(cost_amount or "0"),
                exclusion or _NULL,
                written[0],
                currency or place.currency,
            )
        )
        placed_on = (created if created_at else paid if paid_at else modified)[1]
        derived = f"{placed_on}\t{paid[1]}\t{shipped[1]}\t{completed[1]}\t{written[1]}"
        line = joined(f"{source}\t{known_by}", modified[0], stated, derived)
        return Record(source, shop, known_by, line, paid[1] if paid_at else placed_on)

    def _moment(self, instant: str | None, place: Place) -> _Moment | None:
        """A time as it is kept, and its local day; nothing if there is no such time."""
        if instant is None:
            return _NEVER
        hour = (instant[:13], instant[19:], place.zone.key)
        try:
            known = self._hours[hour]
        except KeyError:
            if len(self._hours) >= _MOST_HOURS:
                self._hours.clear()
            known = self._hours[hour] = _read_hour(instant, place)
        return None if known is None else (f"{known[0]}{instant[13:19]}+00:00", known[1])


def _holds_together(
    status: str,
    paid_at: str | None,
    paid_amount: str | None,
    shipped_at: str | None,
    completed_at: str | None,
) -> bool:
    """Whether what the status says has happened is stated."""
    if status == "unpaid":
        return paid_at is None
    if status == "cancelled":
        return paid_at is None or paid_amount is not None
    if paid_at is None or paid_amount is None:
        return False
    if status == "shipped":
        return shipped_at is not None
    return status != "completed" or completed_at is not None


def _read_hour(instant: str, place: Place) -> _Moment | None:
    """The hour in UTC, and the local day of all of it; nothing if midnight lies in it."""
    try:
        first = datetime.fromisoformat(f"{instant[:13]}:00:00{instant[19:]}")
    except ValueError:
        return None
    day = day_in(place.zone, first)
    if not FIRST_YEAR <= first.year <= LAST_YEAR or day != day_in(place.zone, first + _LAST_SECOND):
        return None
    return first.astimezone(UTC).isoformat()[:13], day.isoformat()


def _write_lines(lines: Any) -> tuple[str, str] | None:
    """The lines as they are kept, and what they add up to."""
    if lines is None:
        lines = []
    if type(lines) is not list or len(lines) > MOST_LINES:
        return None
    units, skus, documents = 0, set(), []
    tagged: dict[str, Decimal] = {}
    for line in lines:
        if type(line) is not dict or not line.keys() <= _LINE_NAMES:
            return None
        tags = line.get("tags")
        if tags is None:
            tags = []
        if type(tags) is not list or len(tags) > MOST_TAGS:
            return None
        try:
            known_by, sku, quantity, amount = map(line.__getitem__, _LINE_ORDER)
            checked = _line("\t".join((known_by, sku, amount, *tags)))
        except (KeyError, TypeError):
            return None
        if not checked or type(quantity) is not int or not 0 <= quantity <= MOST_PIECES:
            return None
        for tag in _TAGS.intersection(tags):
            tagged[tag] = tagged.get(tag, _NOTHING) + Decimal(amount)
        units += quantity
        skus.add(sku)
        listed = ",".join(f'"{tag}"' for tag in sorted(set(tags)))
        documents.append(
            f'{{"id":"{known_by}","sku":"{sku}","quantity":{quantity},'
            f'"amount":"{_amount(amount)}","tags":[{listed}]}}'
        )
    sums = "\t".join(amount_text(tagged.get(tag)) for tag in LINE_TAGS) if tagged else UNTAGGED
    return f"[{','.join(documents)}]", f"{units}\t{len(skus)}\t{sums}"


def _amount(written: str) -> str:
    """Without trailing zeros, as `money.plain` writes it."""
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
