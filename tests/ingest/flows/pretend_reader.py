"""What its rows mean: a file that a test puts into `services/ingest/core/readers`."""

from datetime import datetime
from typing import Any, cast

from services.ingest.core.buyers import SEALED, Seal
from services.ingest.core.facts import check_row
from services.ingest.core.readers.rows import Document, Row, instant_in, kept, number_in, text_in
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import FactKind

_KEPT = {"no", "changed", "placed", "paid", "sum"}


def number_of(kind: FactKind, row: Row) -> str:
    return number_in(row, "no")


def changed_at(kind: FactKind, row: Row) -> datetime | None:
    return instant_in(row, "changed")


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    paid = text_in(row, "paid")
    document: Document = {
        "source": origin.source,
        "id": number_in(row, "no"),
        "shop": origin.shop,
        "status": "paid" if paid else "unpaid",
        "modified_at": text_in(row, "changed"),
        "created_at": text_in(row, "placed"),
        "paid_at": paid,
        "paid_amount": text_in(row, "sum") if paid else None,
        "buyer": text_in(row, "buyer"),
        "lines": [],
    }
    return check_row(kind, document)


def lacks_detail(kind: FactKind, row: Row, known: Known) -> bool:
    return False


def row_to_keep(row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
    document = cast("dict[str, Any]", kept(row, _KEPT))
    return {**document, "buyer": SEALED + seal(origin.source, str(row.get("buyer")))}
