"""What is done in its time: pulled days are put down in the audit; what marketplaces answered, and
what refused rows held, is forgotten.
"""

from collections.abc import Callable
from datetime import datetime

from services.ingest.flows.audit import put_down_pulled_days
from services.ingest.store.pages import drop_expired
from services.ingest.store.rejected import empty_expired
from services.ingest.store.tenants import read_tenant_numbers
from services.ingest.workers.desks import Desks
from services.schema.db import Database, WriteSession

ROWS, BATCHES = 200, 100
"""How many are done in one transaction, and in how many of a tenant at a time."""


async def tidy(database: Database, desks: Desks, *, now: Callable[[], datetime]) -> None:
    """Put down and forget what is over, also of shops that are pulled no more.

    A few in each transaction; what is not done in one go is left for the next.
    """

    async def forget_pages(session: WriteSession) -> int:
        at = now()
        return await drop_expired(session, at=at, fetched_before=at - desks.page_life, limit=ROWS)

    async def forget_rejected(session: WriteSession) -> int:
        before = now() - desks.rejected_life
        return await empty_expired(session, received_before=before, limit=ROWS)

    async def put_down(session: WriteSession) -> int:
        return await put_down_pulled_days(session, at=now(), limit=ROWS)

    async with database.register() as register:
        numbers = await read_tenant_numbers(register)
    for tenant in numbers.values():
        for do in (put_down, forget_pages, forget_rejected):
            for _ in range(BATCHES):
                async with database.write(tenant) as session:
                    if await do(session) < ROWS:
                        break
