"""A shop's account with its marketplace is put, opened for ingest alone, and taken away."""

from collections.abc import Callable, Collection
from datetime import datetime

from services.door.audit import append_entry, take_numbers
from services.door.sealing import Keyring, Unopened
from services.ingest.flows.connectors import CONNECTORS
from services.ingest.flows.sealed import Opener, Sealer, sealer_of
from services.ingest.sources.accounts import Account
from services.ingest.sources.client import check_address
from services.ingest.sources.errors import SourceError
from services.ingest.sources.opening import Opening
from services.ingest.sources.reading import Credential
from services.ingest.store.accounts import (
    drop_fields,
    drop_terms,
    find_terms,
    read_field,
    read_fields,
    read_terms,
    save_field,
    save_terms,
)
from services.ingest.store.cursors import wake_workers
from services.ingest.store.people import read_shops
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from services.schema.shapes.accounts import (
    AccountField,
    AccountTerms,
    AccountView,
    SealedField,
    StatedAccount,
)
from services.schema.shapes.people import Caller

ACCOUNTS = "accounts"
"""The counter that is held while an account changes."""
Permit = Callable[[AccountView | None], None]
"""Sees the account as it is, once nobody else can change it, and may refuse the change."""
NO_KEY = "KAOHE_MASTER_KEY_FILE names no key: nothing can be sealed here."


async def view_account(session: ReadSession, shop: str) -> AccountView:
    """The terms, and when each secret was set: all that is ever told of it."""
    terms = await find_terms(session, shop)
    if terms is None:
        raise NotFound("account")
    fields = await read_fields(session, shop)
    return AccountView(terms, {kept.field: kept.set_at for kept in fields})


async def put_account(
    session: WriteSession,
    ring: Keyring | None,
    stated: StatedAccount,
    *,
    sandbox: Collection[str],
    permit: Permit,
    caller: Caller,
    at: datetime,
) -> AccountView:
    """Put the terms of a shop's account, and seal the secrets that are stated; the others stay."""
    await _hold(session, stated.terms.shop, permit)
    shop = (await read_shops(session)).get(stated.terms.shop)
    if shop is None:
        raise NotFound("shop")
    connector = CONNECTORS.get(shop.marketplace) if shop.marketplace else None
    if connector is None or shop.marketplace is None:
        raise Conflict("no_connector", f"{shop.code} is on no marketplace that can be pulled.")
    sealer = await _sealer(session, ring, at=at)
    kept = {each.field for each in await read_fields(session, shop.code)}
    _check_whole(connector.opening, kept, stated)
    _check_gateway(connector.opening, stated.terms.gateway, sandbox)
    await save_terms(session, stated.terms)
    given = {field: text for field, text in sorted(stated.secrets.items()) if text is not None}
    for field, text in given.items():
        await save_field(session, sealer.seal(shop.code, field, text.encode(), at=at))
    gone = set(stated.secrets) - set(given)
    if {AccountField.SESSION, AccountField.REFRESH} & set(stated.secrets):
        # The pair that was renewed is of the consent before.
        gone.add(AccountField.RENEWED)
    await drop_fields(session, shop.code, sorted(gone))
    await wake_workers(session)
    detail = {**_told(stated.terms), "set": [*given], "taken_away": sorted(gone & kept)}
    await append_entry(
        session, at=at, caller=caller, action="account.put", subject=shop.code, detail=detail
    )
    return await view_account(session, shop.code)


async def drop_account(
    session: WriteSession, shop: str, *, permit: Permit, caller: Caller, at: datetime
) -> None:
    """Take a shop's account away: nothing of it is kept, and the shop is pulled no more."""
    if await _hold(session, shop, permit) is None:
        raise NotFound("account")
    await drop_fields(session, shop, list(AccountField))
    await drop_terms(session, shop)
    await append_entry(
        session, at=at, caller=caller, action="account.remove", subject=shop, detail={}
    )


def permit_all(_: AccountView | None) -> None:
    """Whatever is there may be replaced."""


async def _hold(session: WriteSession, shop: str, permit: Permit) -> AccountView | None:
    """The account as it is, which nobody else changes before this transaction ends."""
    await take_numbers(session, ACCOUNTS, 1)
    try:
        view = await view_account(session, shop)
    except NotFound:
        view = None
    permit(view)
    return view


async def open_accounts(
    session: ReadSession, ring: Keyring, tenant: str
) -> tuple[list[Account], dict[str, str]]:
    """The accounts that are kept, opened; and by shop why one does not open."""
    opener = Opener(ring, session.tenant)
    fields: dict[str, list[SealedField]] = {}
    for kept in await read_fields(session):
        fields.setdefault(kept.shop, []).append(kept)
    opened, shut = [], {}
    for terms in await read_terms(session):
        try:
            opened.append(_opened(opener, tenant, terms, fields.get(terms.shop, [])))
        except Unopened as error:
            shut[terms.shop] = f"its account does not open: {error}"
    return opened, shut


async def open_signer(session: ReadSession, ring: Keyring, shop: str) -> tuple[str, str] | None:
    """The key and the secret that a shop's messages are signed with; null where none is kept."""
    fields = [
        await read_field(session, shop, name)
        for name in (AccountField.APP_KEY, AccountField.SECRET)
    ]
    opener = Opener(ring, session.tenant)
    try:
        opened = [opener.open(kept).decode() for kept in fields if kept is not None]
    except Unopened as error:
        raise Unavailable("The shop's account does not open here.") from error
    return (opened[0], opened[1]) if len(opened) == len(fields) else None


async def _sealer(session: WriteSession, ring: Keyring | None, *, at: datetime) -> Sealer:
    if ring is None:
        raise Conflict("master_key_missing", NO_KEY)
    try:
        return await sealer_of(session, ring, at=at)
    except Unopened as error:
        detail = "What is kept is sealed under a master key that is not known here."
        raise Conflict("master_key_unknown", detail) from error


def _opened(
    opener: Opener, tenant: str, terms: AccountTerms, fields: Collection[SealedField]
) -> Account:
    secrets = {
        kept.field: opener.open(kept).decode()
        for kept in fields
        if kept.field is not AccountField.RENEWED
    }
    credential = Credential(
        terms.gateway,
        secrets.get(AccountField.APP_KEY, ""),
        secrets.get(AccountField.SECRET, ""),
        secrets.get(AccountField.SESSION, ""),
        refresh=secrets.get(AccountField.REFRESH),
        also=terms.also,
    )
    return Account(tenant, terms.shop, credential, terms.since, terms.calls_per_second)


def _check_whole(opening: Opening, kept: Collection[AccountField], stated: StatedAccount) -> None:
    after = {field for field in kept if field not in stated.secrets}
    after |= {field for field, text in stated.secrets.items() if text is not None}
    needed = [AccountField.APP_KEY, AccountField.SECRET]
    makes_session = opening.makes_session and AccountField.REFRESH in after
    if opening.needs_session and not makes_session:
        needed.append(AccountField.SESSION)
    faults = [
        Fault(f"/{field}", "field_missing", f"Without {field} the shop cannot be read.")
        for field in needed
        if field not in after
    ]
    if faults:
        raise Invalid("account_incomplete", "The account lacks what opens the shop.", faults)


def _check_gateway(opening: Opening, gateway: str | None, sandbox: Collection[str]) -> None:
    """An address that would be refused when it is called is refused here already."""
    detail = "The address is not one of the marketplace's own."
    try:
        if gateway is not None:
            check_address(gateway, opening.hosts(Credential(gateway, "", "", "")), sandbox)
            return
        if not opening.names_gateway:
            return
        detail = "On this marketplace each shop has an address of its own: name it."
    except (SourceError, ValueError):
        pass
    fault = Fault("/gateway", "gateway_refused", detail)
    raise Invalid("gateway_refused", "The gateway cannot be called.", [fault])


def _told(terms: AccountTerms) -> dict[str, object]:
    return {
        "gateway": terms.gateway,
        "since": None if terms.since is None else terms.since.isoformat(),
        "also": sorted(terms.also),
        "calls_per_second": terms.calls_per_second,
    }
