"""`kaohe buyers`: the key that a tenant's buyers are hashed with, destroyed by the operator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.ingest.flows.buyers import BuyerKeys
    from services.schema.db import Database

app = typer.Typer(
    help="Buyers: the key of each tenant that joins their orders.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Tenant = Annotated[str, typer.Argument(help="What the tenant is known by.")]
ATTEMPTS = 30
"""How often a batch under way is waited for, two seconds each."""


@app.command()
def unlink(
    tenant: Tenant,
    code: Annotated[
        str | None, typer.Option(help="The tenant's code again, instead of being asked for it.")
    ] = None,
) -> None:
    """Destroy a tenant's key and begin another: nobody can tell any more which buyer was whose."""
    asked = "Buyers cannot be linked again. The tenant's code once more"
    if (code if code is not None else typer.prompt(asked)) != tenant:
        raise typer.BadParameter("That is not its code: nothing is destroyed.")
    number = asyncio.run(_unlink(tenant))
    typer.echo(f"{tenant}: the key of its buyers is destroyed; key {number} begins")


@asynccontextmanager
async def _opened() -> "AsyncIterator[tuple[Database, BuyerKeys]]":
    from services.cli.opening import opened
    from services.cli.pulling import settings_of_here
    from services.ingest.flows.buyers import BuyerKeys

    settings = settings_of_here()
    keys = BuyerKeys(settings.read_buyer_ring(), settings.read_buyer_key())
    async with opened(settings, application="kaohe-buyers") as database:
        yield database, keys


async def _unlink(tenant: str) -> int:
    from services.cli.accounts import number_in
    from services.cli.opening import operator_of
    from services.schema.errors import Unavailable

    async with _opened() as (database, keys):
        number = await number_in(database, tenant)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with database.write(number) as session:
                    at = datetime.now(UTC)
                    return await keys.destroy(session, caller=operator_of(number), at=at)
            except Unavailable as error:
                # A batch that is landing holds the key until it is done.
                if not error.contended or attempt == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")
