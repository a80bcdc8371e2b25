"""`kaohe account`: shops' accounts with their marketplaces, sealed in the database."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

if TYPE_CHECKING:
    from services.door.sealing import Keyring
    from services.ingest.settings import IngestSettings
    from services.schema.db import Database
    from services.schema.shapes.accounts import AccountView, StatedAccount

app = typer.Typer(
    help="Shops' accounts with their marketplaces: put, listed, removed, sealed anew.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Tenant = Annotated[str, typer.Argument(help="What the tenant is known by.")]
Shop = Annotated[str, typer.Argument(help="The shop's code.")]


@app.command(name="set")
def set_account(tenant: Tenant, shop: Shop) -> None:
    """Seal a shop's account: a document as of PUT .../account on standard input, or asked for."""
    document = _asked() if sys.stdin.isatty() else json.load(sys.stdin)
    view = asyncio.run(_set(tenant, shop, document))
    typer.echo(_line(tenant, view))


@app.command(name="import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="An accounts file, as KAOHE_MARKETPLACES names one.")
    ],
) -> None:
    """Seal all accounts of a file; it may forget them afterwards."""
    for line in asyncio.run(_import(file)):
        typer.echo(line)


@app.command(name="list")
def list_accounts(tenant: Tenant) -> None:
    """Which secrets are set, and since when; never what they are."""
    for view in asyncio.run(_list(tenant)):
        typer.echo(_line(tenant, view))


@app.command(name="remove")
def remove_account(tenant: Tenant, shop: Shop) -> None:
    """Forget a shop's account: it is pulled no more."""
    asyncio.run(_remove(tenant, shop))
    typer.echo(f"{tenant}/{shop}: removed")


@app.command()
def rotate(
    master: Annotated[
        bool, typer.Option("--master", help="A new master key in KAOHE_MASTER_KEY_FILE, first.")
    ] = False,
) -> None:
    """Seal everything anew under new keys, while pulls go on."""
    from services.cli.pulling import settings_of_here
    from services.door.secret_files import rotate_key

    settings = settings_of_here()
    if master:
        if settings.master_key_file is None or settings.master_key is not None:
            raise typer.BadParameter("The master key stands in no file: put another in its place.")
        rotate_key(settings.master_key_file)
    left, lines = asyncio.run(_rotate(settings))
    for line in lines:
        typer.echo(line)
    if left:
        typer.echo("Not all could be sealed anew; run this again.", err=True)
        raise typer.Exit(1)


@asynccontextmanager
async def _opened(settings: "IngestSettings") -> AsyncIterator[tuple["Database", "Keyring"]]:
    from services.cli.opening import opened
    from services.ingest.flows.accounts import NO_KEY
    from services.schema.errors import Invalid

    ring = settings.read_master_keys()
    if ring is None:
        raise Invalid("master_key_missing", NO_KEY)
    async with opened(settings, application="kaohe-account") as database:
        yield database, ring


async def number_in(database: "Database", tenant: str) -> int:
    from services.ingest.store.tenants import read_tenant_numbers
    from services.schema.errors import NotFound

    async with database.register() as register:
        number = (await read_tenant_numbers(register)).get(tenant)
    if number is None:
        raise NotFound("tenant")
    return number


async def _set(tenant: str, shop: str, document: Any) -> "AccountView":
    from services.cli.pulling import settings_of_here
    from services.ingest.rest.accounts import StatedAccountDocument
    from services.schema.errors import Invalid

    # Strict as at the door; a mistake is named by its place and never shown.
    try:
        stated = StatedAccountDocument.model_validate_json(json.dumps(document))
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise Invalid("account_invalid", f"The account: see {', '.join(places)}.") from None
    at, settings = datetime.now(UTC), settings_of_here()
    async with _opened(settings) as (database, ring):
        return await _put(database, ring, settings, tenant, stated.to_shape(shop, at), at)


async def _put(
    database: "Database",
    ring: "Keyring",
    settings: "IngestSettings",
    tenant: str,
    stated: "StatedAccount",
    at: datetime,
) -> "AccountView":
    from services.cli.opening import operator_of
    from services.ingest.flows.accounts import permit_all, put_account

    number = await number_in(database, tenant)
    async with database.write(number) as session:
        return await put_account(
            session,
            ring,
            stated,
            sandbox=settings.sandbox_hosts,
            permit=permit_all,
            caller=operator_of(number),
            at=at,
        )


async def _import(file: Path) -> list[str]:
    from services.cli.pulling import settings_of_here
    from services.ingest.sources.accounts import read_accounts
    from services.schema.errors import KaoheError
    from services.schema.shapes.accounts import AccountField, AccountTerms, StatedAccount

    read, settings, lines = read_accounts(file), settings_of_here(), []
    sandbox = " ".join((settings.sandbox, *read.sandbox))
    settings = settings.model_copy(update={"sandbox": sandbox})
    async with _opened(settings) as (database, ring):
        for account in read.accounts:
            at, credential = datetime.now(UTC), account.credential
            terms = AccountTerms(
                account.shop,
                credential.gateway,
                account.since,
                credential.also,
                account.calls_per_second,
                at,
            )
            secrets = {
                AccountField.APP_KEY: credential.app_key,
                AccountField.SECRET: credential.secret,
                AccountField.SESSION: credential.session or None,
                AccountField.REFRESH: credential.refresh,
            }
            place = f"{account.tenant}/{account.shop}"
            try:
                stated = StatedAccount(terms, secrets)
                view = await _put(database, ring, settings, account.tenant, stated, at)
                lines.append(_line(account.tenant, view))
            except KaoheError as error:
                lines.append(f"{place}: {error.detail}")
    return lines


async def _list(tenant: str) -> list["AccountView"]:
    from services.cli.pulling import settings_of_here
    from services.ingest.flows.accounts import view_account
    from services.ingest.store.accounts import read_terms

    async with (
        _opened(settings_of_here()) as (database, _),
        database.read(await number_in(database, tenant)) as session,
    ):
        return [await view_account(session, terms.shop) for terms in await read_terms(session)]


async def _remove(tenant: str, shop: str) -> None:
    from services.cli.opening import operator_of
    from services.cli.pulling import settings_of_here
    from services.ingest.flows.accounts import drop_account, permit_all

    async with _opened(settings_of_here()) as (database, _):
        number = await number_in(database, tenant)
        async with database.write(number) as session:
            at = datetime.now(UTC)
            operator = operator_of(number)
            await drop_account(session, shop, permit=permit_all, caller=operator, at=at)


async def _rotate(settings: "IngestSettings") -> tuple[int, list[str]]:
    from services.ingest.flows.buyers import BuyerKeys
    from services.ingest.workers.rotating import rotate_accounts, wrap_buyer_keys

    keys = BuyerKeys(settings.read_buyer_ring(), settings.read_buyer_key())
    async with _opened(settings) as (database, ring):
        done = await rotate_accounts(database, ring, now=lambda: datetime.now(UTC))
        wrapped, shut = await wrap_buyer_keys(database, keys)
        master = ring.current().id
    left = len(shut)
    lines = [f"master key: {master}", f"{wrapped} keys for buyers wrapped anew"]
    lines += [f"{tenant}: its key for buyers does not open" for tenant in shut]
    for each in done:
        if each.rotated is None:
            left += 1
            lines.append(f"{each.tenant}: its key does not open with the master keys known here")
            continue
        left += each.rotated.left
        lines.append(
            f"{each.tenant}: {each.rotated.fields} fields sealed anew,"
            f" {each.rotated.left} left under old keys, {each.rotated.dropped} keys forgotten"
        )
        lines += [f"{each.tenant}/{shop}: does not open" for shop in each.shut]
    return left, lines


def _asked() -> dict[str, object]:
    """What a person types, unseen where it is secret; nothing is kept by the shell."""
    asked = {
        "gateway": typer.prompt("gateway (empty: the marketplace's own)", default=""),
        "since": typer.prompt("first day to read (empty: as far as it goes)", default=""),
    }
    for name in ("app_key", "secret", "session", "refresh"):
        asked[name] = typer.prompt(f"{name} (empty: as it is)", default="", hide_input=True)
    return {name: text for name, text in asked.items() if text}


def _line(tenant: str, view: "AccountView") -> str:
    fields = ", ".join(
        f"{field} since {at:%Y-%m-%d %H:%M}Z" for field, at in sorted(view.set_at.items())
    )
    return f"{tenant}/{view.terms.shop}: {fields}"
