"""The fast twin of `core.facts.check_row` and `core.records.record_of` for posted orders.

Most rows are plain: every amount a text, every time to the second, no escaped character. Such a row
is decoded at once, and one pattern checks its texts together. Any other row, and so any row at
fault, gives nothing here and takes the way through the cores, which also says what is wrong.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

import msgspec

from services.ingest.core.bodies import Posted
from services.ingest.core.buyers import Seal
from services.ingest.core.facts import MOST_LINES, MOST_PIECES, MOST_TAGS
from services.ingest.core.measures import day_in
from services.ingest.core.records import UNTAGGED, Place, Record, amount_text, joined
from services.schema.days import FIRST_YEAR, LAST_YEAR
from services.schema.shapes.facts import LINE_TAGS
from services.schema.words import Exclusion

_UNSET = msgspec.UNSET
_Text = str | msgspec.UnsetType | None


class _Line(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: str
    sku: str
    quantity: int
    amount: str
    tags: list[str] | msgspec.UnsetType | None = _UNSET


class _Order(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    source: str
    id: str
    shop: str
    status: str
    modified_at: str
    created_at: _Text = _UNSET
    paid_at: _Text = _UNSET
    shipped_at: _Text = _UNSET
    completed_at: _Text = _UNSET
    buyer: _Text = _UNSET
    salesperson: _Text = _UNSET
    channel: _Text = _UNSET
    campaign: _Text = _UNSET
    payment_method: _Text = _UNSET
    currency: _Text = _UNSET
    paid_amount: _Text = _UNSET
    discount_amount: _Text = _UNSET
    cost_amount: _Text = _UNSET
    exclusion: _Text = _UNSET
    lines: list[_Line] | msgspec.UnsetType | None = _UNSET


_decode = msgspec.json.Decoder(_Order).decode
_times_of = attrgetter("modified_at", "created_at", "paid_at", "shipped_at", "completed_at")
_texts_of = attrgetter(
    *("source", "id", "shop", "status", "buyer", "salesperson", "channel", "campaign"),
    *("payment_method", "currency", "paid_amount", "discount_amount", "cost_amount", "exclusion"),
)
# How what is null or left out is written where texts are checked: a row with these words in it is
# not plain.
_ABSENT = "(?:None|UNSET|%s)"

_CODE = r"[A-Za-z0-9._-]{1,64}"
_TEXT = "[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]{1,128}"
_AMOUNT = r"(?:0|[1-9][0-9]{0,13})(?:\.[0-9]{1,4})?"
_row = re.compile(
    "\t".join(
        (
            r"[A-Za-z0-9._:-]{1,128}",
            _TEXT,
            _CODE,
            "(?:unpaid|paid|shipped|completed|cancelled|refunded)",
            _TEXT,
            _CODE,
            *[_TEXT] * 3,
            _ABSENT % "[A-Z]{3}",
            *[_ABSENT % _AMOUNT] * 3,
            _ABSENT % "|".join(Exclusion),
        )
    )
).fullmatch
_WRITTEN = "\t".join(["%s"] * 14)
_QUOTES = 4 * 14
_line = re.compile(f"{_TEXT}\t{_TEXT}\t-?{_AMOUNT}(?:\t{_TEXT})*").fullmatch
_hour = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}(?:Z|[+-][0-9]{2}:00)").fullmatch

_TAG_PLACES = {tag: place for place, tag in enumerate(LINE_TAGS)}
_MINUTES = frozenset(f":{minute:02}:{second:02}" for minute in range(60) for second in range(60))
_NOTHING = Decimal(0)
_LAST_SECOND = timedelta(minutes=59, seconds=59)
_MOST_HOURS = 100_000
_QUOTES_OF_TIMES = 4 * 5
_NULL = "\\N"
_NEVER = (_NULL, _NULL)

Moment = tuple[str, str]
"""A time, or its hour, in UTC; and the local day."""


class OrderRecords:
    """Makes records of plain rows; remembers the hours that it has met, for rows share them."""

    def __init__(self, places: Mapping[str, Place], seal: Seal) -> None:
        self._places = places
        self._seal = seal
        self._hours = {code: _Hours(place) for code, place in places.items()}

    def read(self, posted: Posted) -> Record | None:
        """The record of a plain row; nothing of any other."""
        body = posted.body
        if "\\" in body or "None" in body or "UNSET" in body:
            return None
        try:
            order = _decode(body)
        except ValueError:
            return None
        checked = _WRITTEN % _texts_of(order)
        place = self._places.get(order.shop) if _row(checked) else None
        if place is None or not _holds_together(order):
            return None
        times = _read_times(order, self._hours[order.shop])
        lines = _write_lines(order.lines)
        if times is None or lines is None:
            return None
        # Each name and each text has two quotes: where there are more, a name stands twice.
        absent = 4 * checked.count("UNSET") + 2 * checked.count("None")
        if body.count('"') != _QUOTES - absent + times[1] + lines[2]:
            return None
        return self._make(order, times[0], lines, place)

    def _make(
        self, order: _Order, times: list[Moment], lines: tuple[str, str, int], place: Place
    ) -> Record:
        modified, created, paid, shipped, completed = times
        source, shop, buyer = order.source, order.shop, order.buyer
        stated = (
            f"{shop}\t{order.status}\t{created[0]}\t{paid[0]}\t{shipped[0]}\t{completed[0]}\t"
            f"{self._seal(source, buyer) if buyer else _NULL}\t{order.salesperson or ''}\t"
            f"{order.channel or ''}\t{order.campaign or ''}\t{order.payment_method or _NULL}\t"
            f"{_amount(order.paid_amount)}\t{_amount(order.discount_amount)}\t"
            f"{_amount(order.cost_amount)}\t{order.exclusion or _NULL}\t{lines[0]}\t"
            f"{order.currency or place.currency}"
        )
        placed = paid if created is _NEVER else created
        placed_on = (modified if placed is _NEVER else placed)[1]
        derived = f"{placed_on}\t{paid[1]}\t{shipped[1]}\t{completed[1]}\t{lines[1]}"
        line = joined(f"{source}\t{order.id}", modified[0], stated, derived)
        return Record(source, shop, order.id, placed_on if paid is _NEVER else paid[1], line)


class _Hours(dict[str, Moment | None]):
    """The hours that have been met at a place; what is none, or unusual, is known as nothing."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def __missing__(self, name: str) -> Moment | None:
        if len(self) >= _MOST_HOURS:
            self.clear()
        hour = self[name] = _read_hour(name, self._place)
        return hour


def _read_times(order: _Order, hours: _Hours) -> tuple[list[Moment], int] | None:
    """The times of an order as they are kept, and how many quotes they were posted with; nothing
    if one of them is unusual.
    """
    times, quotes = [], _QUOTES_OF_TIMES
    for instant in _times_of(order):
        if instant is None or instant is _UNSET:
            times.append(_NEVER)
            quotes -= 4 if instant is _UNSET else 2
            continue
        minutes = instant[13:19]
        hour = hours[instant[:13] + instant[19:]]
        if hour is None or minutes not in _MINUTES:
            return None
        times.append((f"{hour[0]}{minutes}+00:00", hour[1]))
    return times, quotes


def _read_hour(name: str, place: Place) -> Moment | None:
    """The hour in UTC, and the local day of all of it; nothing if midnight lies in it."""
    if not _hour(name):
        return None
    try:
        first = datetime.fromisoformat(f"{name[:13]}:00:00{name[13:]}")
    except ValueError:
        return None
    day = day_in(place.zone, first)
    if not FIRST_YEAR <= first.year <= LAST_YEAR or day != day_in(place.zone, first + _LAST_SECOND):
        return None
    return first.astimezone(UTC).isoformat()[:13], day.isoformat()


def _holds_together(order: _Order) -> bool:
    """Whether what the status says has happened is stated."""
    status = order.status
    if status == "unpaid":
        return not order.paid_at
    if status == "cancelled":
        return not order.paid_at or bool(order.paid_amount)
    if not order.paid_at or not order.paid_amount:
        return False
    if status == "shipped":
        return bool(order.shipped_at)
    return status != "completed" or bool(order.completed_at)


def _write_lines(
    lines: list[_Line] | msgspec.UnsetType | None,
) -> tuple[str, str, int] | None:
    """The lines as they are kept, what they add up to, and how many quotes they were posted with;
    nothing if one of them is unusual.
    """
    if not lines:
        return "[]", f"0\t0\t{UNTAGGED}", 0 if lines is _UNSET else 2
    if len(lines) > MOST_LINES:
        return None
    units, quotes = 0, 2 + 14 * len(lines)
    skus, documents = set(), []
    tagged: dict[str, list[str]] = {}
    for line in lines:
        tags, amount = line.tags or (), line.amount
        if not _line("\t".join((line.id, line.sku, amount, *tags))):
            return None
        if not 0 <= line.quantity <= MOST_PIECES or len(tags) > MOST_TAGS:
            return None
        listed = ""
        if tags:
            tags_once = sorted(set(tags)) if len(tags) > 1 else tags
            listed = '"' + '","'.join(tags_once) + '"'
            for tag in tags_once:
                if tag in _TAG_PLACES:
                    tagged.setdefault(tag, []).append(amount)
        units += line.quantity
        quotes += 2 * len(tags) + 2 * (line.tags is not _UNSET)
        skus.add(line.sku)
        documents.append(
            f'{{"id":"{line.id}","sku":"{line.sku}","quantity":{line.quantity},'
            f'"amount":"{_amount(amount)}","tags":[{listed}]}}'
        )
    sums = _write_tagged(tagged) if tagged else UNTAGGED
    return f"[{','.join(documents)}]", f"{units}\t{len(skus)}\t{sums}", quotes


def _write_tagged(tagged: Mapping[str, list[str]]) -> str:
    """What the lines under each tag amount to, in the order of LINE_TAGS."""
    sums = ["0"] * len(LINE_TAGS)
    for tag, amounts in tagged.items():
        one = len(amounts) == 1
        total = _amount(amounts[0]) if one else amount_text(sum(map(Decimal, amounts), _NOTHING))
        sums[_TAG_PLACES[tag]] = total
    return "\t".join(sums)


def _amount(written: _Text) -> str:
    """Without trailing zeros, as `money.plain` writes it; nothing is 0."""
    if not written:
        return "0"
    if written[-1] != "0":
        return written
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
