"""How the columns of a file become facts: a mapping, kept as data, built in or a tenant's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.schema.shapes.reconciliations import Basis
from services.schema.words import FactKind

Scalar = str | int | bool


class CellUnit(StrEnum):
    """What a bare number of a column counts, where that is not one of what the field counts."""

    PERCENT = "percent"
    FEN = "fen"
    WAN = "wan"
    """Ten thousands."""
    MILLISECONDS = "milliseconds"
    MINUTES = "minutes"
    HOURS = "hours"
    MINUTES_SECONDS = "m:ss"
    """Not a number: `12:34` is so many minutes and seconds."""


class DayOrder(StrEnum):
    """In which order a day is written whose year does not stand first with four digits."""

    YEAR_FIRST = "ymd"
    MONTH_FIRST = "mdy"
    DAY_FIRST = "dmy"


class Operation(StrEnum):
    """How several values become one."""

    SUM = "sum"
    PRODUCT = "product"
    DIFFERENCE = "difference"
    """The first less all others."""
    FIRST = "first"
    """The first that is stated: of a column that exports write in several units."""
    JOIN = "join"
    """Texts one after another, with a space between."""


@dataclass(frozen=True, slots=True)
class FromColumn:
    """What a column of the row says."""

    names: tuple[str, ...]
    """Its headings, as exports of different years write them: the first that is there is read."""
    optional: bool = False
    """Whether the file may be without it."""
    unit: CellUnit | None = None
    words: Mapping[str, Scalar | None] | None = None
    """What each word of the column stands for; null is not stated. `*` stands for all others,
    and `*` for itself: as it stands."""
    order: DayOrder = DayOrder.YEAR_FIRST
    of_time: bool = False
    """Whether the day of a moment is meant."""
    of_day: bool = False
    """Whether the first moment of a day is meant."""
    is_day: bool = False
    """Whether a text is a day, to be written the same however the file writes it: in an id."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same in every row."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Combined:
    """Several values made one; where one is not stated, so is the whole, but of `first`."""

    operation: Operation
    parts: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Members:
    """An object of named values."""

    members: Mapping[str, "Value"]


@dataclass(frozen=True, slots=True)
class Elements:
    """A list of values."""

    elements: tuple["Value", ...]


Value = FromColumn | Constant | Combined | Members | Elements


@dataclass(frozen=True, slots=True)
class Condition:
    """What a column of a row must be one of."""

    names: tuple[str, ...]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class StatedDay:
    """What each row says of its shop's whole day, for our own day to be held against."""

    basis: Basis
    totals: Mapping[str, Value]
    """Of `orders` and `amount`, what the file counts."""
    timezone: str | None = None
    """By whose midnight it cuts its days; the shop's unless stated."""
    net_of_refunds: bool = False
    """Whether what was paid back on the day is taken off."""
    with_excluded: bool = True
    """Whether orders count that are excluded here."""


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How each row of a file becomes a fact, or of posted measures one for each measure."""

    code: str
    kind: FactKind
    zh: str
    en: str
    fields: Mapping[str, Value]
    """By the names that `POST /v1/facts` has for them."""
    measures: Mapping[str, Value] = field(default_factory=dict)
    """Of posted measures: the amount of each."""
    note: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    """What is uncertain or left out, by the heading of the column."""
    source: str | None = None
    """What its facts are known to come from; the mapping's code unless stated. Of a file whose
    rows do not say of which shop they are, `:` and the shop follow: ids of two shops differ.
    """
    timezone: str | None = None
    """Of times without an offset; the shop's unless stated."""
    encoding: str | None = None
    """Found out unless stated."""
    delimiter: str | None = None
    sheet: str | None = None
    """The first one unless stated."""
    header_row: int | None = None
    """Found out unless stated: exports have titles and notes above it."""
    missing: frozenset[str] = frozenset()
    """What stands for nothing, besides an empty cell and dashes."""
    skip: tuple[Condition, ...] = ()
    """A row that meets any of these is no fact: totals, mostly."""
    only: tuple[Condition, ...] = ()
    """A row that does not meet all of these is no fact."""
    grouped: bool = False
    """Whether rows of the same id are one order, each with lines of it, wherever they stand."""
    sums: frozenset[str] = frozenset()
    """Of grouped rows: the amounts of which each row states a part; of all others, the whole."""
    states: StatedDay | None = None
    built_in: bool = False
