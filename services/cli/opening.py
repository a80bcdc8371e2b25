"""The database that a command works on in a service's role, and who is said to have asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from services.schema.db import Database
from services.schema.shapes.people import Caller
from services.schema.words import Role

if TYPE_CHECKING:
    from services.api.settings import ApiSettings
    from services.ingest.settings import IngestSettings


@asynccontextmanager
async def opened(
    settings: "ApiSettings | IngestSettings", *, application: str
) -> AsyncIterator[Database]:
    """The database that the settings name, for one transaction at a time."""
    database = Database(
        settings.dsn.get_secret_value(),
        application=application,
        pool_size=1,
        behind_pooler=settings.behind_pooler,
    )
    try:
        yield database
    finally:
        await database.close()


def operator_of(number: int) -> Caller:
    """Whoever works at the command line, as one of a tenant."""
    return Caller(number, Role.ADMIN, None, "system:operator")
