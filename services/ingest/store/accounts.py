"""Accounts as they are kept: terms in the clear, secrets sealed, each under a key by its id."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.accounts import AccountField, AccountTerms, DataKey, SealedField
from services.schema.tables.accounts import account_fields, accounts, data_keys


async def read_terms(session: ReadSession) -> list[AccountTerms]:
    """The terms of all shops whose accounts are kept here."""
    statement = select(accounts).where(accounts.c.tenant_id == session.tenant)
    return [_terms_of(row) for row in await session.execute(statement.order_by(accounts.c.shop))]


async def find_terms(session: ReadSession, shop: str) -> AccountTerms | None:
    statement = select(accounts).where(
        accounts.c.tenant_id == session.tenant, accounts.c.shop == shop
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _terms_of(row)


async def save_terms(session: WriteSession, terms: AccountTerms) -> None:
    values = {
        "gateway": terms.gateway,
        "since": terms.since,
        "also": sorted(terms.also),
        "calls_per_second": terms.calls_per_second,
        "stated_at": terms.stated_at,
    }
    await session.execute(
        upsert(accounts)
        .values(tenant_id=session.tenant, shop=terms.shop, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "shop"], set_=values)
    )


async def drop_terms(session: WriteSession, shop: str) -> None:
    await session.execute(
        delete(accounts).where(accounts.c.tenant_id == session.tenant, accounts.c.shop == shop)
    )


async def read_fields(session: ReadSession, shop: str | None = None) -> list[SealedField]:
    """What is sealed of one shop, or of all, each with its key as that stands at the moment."""
    statement = _fields(session)
    if shop is not None:
        statement = statement.where(account_fields.c.shop == shop)
    return [_field_of(row) for row in await session.execute(statement)]


async def read_field(session: ReadSession, shop: str, field: AccountField) -> SealedField | None:
    statement = _fields(session).where(
        account_fields.c.shop == shop, account_fields.c.field == field.value
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _field_of(row)


async def save_field(session: WriteSession, kept: SealedField) -> None:
    """Keep a field, whatever was there; nobody is renewing it any more."""
    values = {
        "data_key": kept.key.number,
        "sealed": kept.sealed,
        "set_at": kept.set_at,
        "taken_until": None,
    }
    await session.execute(
        upsert(account_fields)
        .values(tenant_id=session.tenant, shop=kept.shop, field=kept.field.value, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "shop", "field"], set_=values)
    )


async def start_field(session: WriteSession, kept: SealedField) -> bool:
    """Keep a field where none is; whether there was none."""
    statement = (
        upsert(account_fields)
        .values(
            tenant_id=session.tenant,
            shop=kept.shop,
            field=kept.field.value,
            data_key=kept.key.number,
            sealed=kept.sealed,
            set_at=kept.set_at,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "shop", "field"])
    )
    return (await session.execute(statement)).rowcount == 1


async def drop_fields(session: WriteSession, shop: str, fields: Sequence[AccountField]) -> None:
    await session.execute(
        delete(account_fields).where(
            account_fields.c.tenant_id == session.tenant,
            account_fields.c.shop == shop,
            account_fields.c.field.in_([field.value for field in fields]),
        )
    )


async def take_field(
    session: WriteSession, shop: str, field: AccountField, *, at: datetime, until: datetime
) -> bool:
    """Whether a field is ours to renew until then; nobody else has it meanwhile."""
    free = or_(account_fields.c.taken_until.is_(None), account_fields.c.taken_until <= at)
    result = await session.execute(
        update(account_fields)
        .where(
            account_fields.c.tenant_id == session.tenant,
            account_fields.c.shop == shop,
            account_fields.c.field == field.value,
            free,
        )
        .values(taken_until=until)
    )
    return result.rowcount == 1


async def give_back_field(
    session: WriteSession, shop: str, field: AccountField, *, until: datetime
) -> None:
    """Let others renew a field that was ours until then."""
    await session.execute(
        update(account_fields)
        .where(
            account_fields.c.tenant_id == session.tenant,
            account_fields.c.shop == shop,
            account_fields.c.field == field.value,
            account_fields.c.taken_until == until,
        )
        .values(taken_until=None)
    )


async def hold_newest_key(session: WriteSession) -> DataKey | None:
    """The key that seals now; it is not forgotten before this transaction ends."""
    statement = (
        select(data_keys)
        .where(data_keys.c.tenant_id == session.tenant)
        .order_by(data_keys.c.number.desc())
        .limit(1)
        .with_for_update(read=True, key_share=True)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else DataKey(row.number, row.master, bytes(row.wrapped))


async def add_key(session: WriteSession, key: DataKey, *, at: datetime) -> None:
    await session.execute(
        insert(data_keys).values(
            tenant_id=session.tenant,
            number=key.number,
            master=key.master,
            wrapped=key.wrapped,
            made_at=at,
        )
    )


async def read_other_fields(
    session: WriteSession, key: int, *, after: tuple[str, str], limit: int
) -> list[SealedField]:
    """Some of the fields that are sealed under other keys, held until this transaction ends."""
    place = tuple_(account_fields.c.shop, account_fields.c.field)
    statement = (
        _fields(session)
        .where(account_fields.c.data_key != key, place > after)
        .order_by(account_fields.c.shop, account_fields.c.field)
        .limit(limit)
        .with_for_update(of=account_fields)
    )
    return [_field_of(row) for row in await session.execute(statement)]


async def reseal_field(session: WriteSession, kept: SealedField) -> None:
    """The same secret under another key: when it was set, and who renews it, stays."""
    await session.execute(
        update(account_fields)
        .where(
            account_fields.c.tenant_id == session.tenant,
            account_fields.c.shop == kept.shop,
            account_fields.c.field == kept.field.value,
        )
        .values(data_key=kept.key.number, sealed=kept.sealed)
    )


async def count_other_fields(session: ReadSession, key: int) -> int:
    """How many fields are sealed under other keys."""
    statement = select(func.count()).where(
        account_fields.c.tenant_id == session.tenant, account_fields.c.data_key != key
    )
    return int(await session.scalar(statement))


async def drop_unused_keys(session: WriteSession, key: int) -> int:
    """Forget the keys but one under which nothing is sealed; how many there were."""
    used = select(account_fields.c.data_key).where(
        account_fields.c.tenant_id == data_keys.c.tenant_id,
        account_fields.c.data_key == data_keys.c.number,
    )
    result = await session.execute(
        delete(data_keys).where(
            data_keys.c.tenant_id == session.tenant, data_keys.c.number != key, ~used.exists()
        )
    )
    return result.rowcount


def _fields(session: ReadSession) -> Select[Any]:
    return (
        select(account_fields, data_keys.c.master, data_keys.c.wrapped)
        .join(
            data_keys,
            (data_keys.c.tenant_id == account_fields.c.tenant_id)
            & (data_keys.c.number == account_fields.c.data_key),
        )
        .where(account_fields.c.tenant_id == session.tenant)
    )


def _field_of(row: Row[Any]) -> SealedField:
    return SealedField(
        row.shop,
        AccountField(row.field),
        DataKey(row.data_key, row.master, bytes(row.wrapped)),
        bytes(row.sealed),
        row.set_at,
    )


def _terms_of(row: Row[Any]) -> AccountTerms:
    return AccountTerms(
        row.shop,
        row.gateway,
        row.since,
        frozenset(row.also),
        row.calls_per_second,
        row.stated_at,
    )
