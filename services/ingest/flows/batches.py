"""How facts enter, from a door or a connector: the one way, in the caller's transaction."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from services.ingest.core.buyers import Seal
from services.ingest.flows.arrivals import Arrival
from services.ingest.flows.landing import Batch, Landing, Tally
from services.schema.db import WriteSession
from services.schema.words import FactKind

# One for all batches: they read chunk by chunk in turn, instead of pulling one another about.
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rows")


async def add_facts(
    session: WriteSession,
    kind: FactKind,
    arrivals: Iterable[Arrival],
    *,
    batch: Batch,
    seal: Seal,
    scrub: Callable[[str], str],
) -> Tally:
    """Land rows as if they came one after another; the one way facts enter.

    While PostgreSQL works on a chunk, a thread reads and checks the next. `scrub` makes of a row's
    text what may be kept of it. Never commits.
    """
    rows = iter(arrivals)
    landing = await Landing.open(session, kind, batch=batch, seal=seal, scrub=scrub)
    loop = asyncio.get_running_loop()
    chunk = await loop.run_in_executor(_reader, landing.read, rows)
    while chunk is not None:
        upcoming = loop.run_in_executor(_reader, landing.read, rows)
        try:
            await landing.land(chunk)
        finally:
            chunk = await upcoming
    return await landing.finish()
