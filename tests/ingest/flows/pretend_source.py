"""How a pretend marketplace is asked: a file that a test puts into `services/ingest/sources`."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from services.ingest.sources.client import Answer, Client, Question, refuse_unwell
from services.ingest.sources.errors import Unreadable
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import Page, Pass, counted_page, read_pages, read_window
from services.ingest.sources.reading import Credential, Reading, Row, read_document
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind, Marketplace

HOSTS = ("pretend.example",)
PAGE_ROWS = 10
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(30 * _DAY, 10 * _MINUTE, _MINUTE, 90 * _DAY, _MINUTE)
}


class PretendSource:
    """One shop."""

    streams = STREAMS

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client, self._credential, self._now = client, credential, now

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every order that changed in a window."""
        rows = await read_window(
            self._pass, window, number="no", changed="changed", by=None, what=kind
        )
        return Reading(f"{kind} {_text(window.start)} to {_text(window.end)}", rows)

    async def detail(self, kind: FactKind, row: Row) -> Row:  # noqa: ARG002 - a list tells it all
        return row

    async def _pass(self, part: Window, *, whole: bool) -> Pass:
        async def page(place: int) -> Page:
            query = f"from={_text(part.start)}&to={_text(part.end)}&page={place}"
            url = f"{self._credential.gateway}/orders?{query}"
            headers = {"Authorization": f"Bearer {self._credential.session}"}

            def read(answer: Answer) -> Page:
                refuse_unwell(answer)
                document = read_document(answer.body)
                if not isinstance(document, dict) or not isinstance(document.get("orders"), list):
                    raise Unreadable("the answer has no orders")
                total = int(document["total"])
                return counted_page(document["orders"], total, place=place, size=PAGE_ROWS)

            return await self._client.ask(lambda: Question("GET", url, headers), read)

        return await read_pages(page, size=PAGE_ROWS, what="orders", number="no", whole=whole)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OPENING = Opening((Marketplace("pretend"),), PretendSource, lambda _: HOSTS)
