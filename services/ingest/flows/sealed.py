"""How a tenant's secrets are sealed and opened: under its data key, which a master key wraps."""

from datetime import datetime

from services.door.audit import take_numbers
from services.door.sealing import Keyring, new_data_key, seal, unseal
from services.ingest.store.accounts import add_key, hold_newest_key
from services.schema.db import WriteSession
from services.schema.shapes.accounts import AccountField, DataKey, SealedField

DATA_KEYS = "data_keys"
"""The counter that numbers a tenant's keys."""


class Sealer:
    """Seals for one tenant, under its newest key; lives as long as its transaction."""

    def __init__(self, tenant: int, key: DataKey, raw: bytes) -> None:
        self._tenant = tenant
        self.key = key
        self._raw = raw

    def seal(self, shop: str, field: AccountField, secret: bytes, *, at: datetime) -> SealedField:
        place = field_place(self._tenant, shop, field)
        return SealedField(shop, field, self.key, seal(self._raw, secret, place), at)


class Opener:
    """Opens for one tenant, whatever key a field is sealed under."""

    def __init__(self, ring: Keyring, tenant: int) -> None:
        self._ring = ring
        self._tenant = tenant
        self._raw: dict[int, bytes] = {}

    def open(self, kept: SealedField) -> bytes:
        """The secret; raises Unopened."""
        number = kept.key.number
        if number not in self._raw:
            self._raw[number] = _unwrap(self._ring, self._tenant, kept.key)
        place = field_place(self._tenant, kept.shop, kept.field)
        return unseal(self._raw[number], kept.sealed, place)


async def sealer_of(session: WriteSession, ring: Keyring, *, at: datetime) -> Sealer:
    """Under the tenant's newest key, which is made where there is none; raises Unopened."""
    key = await hold_newest_key(session)
    if key is None:
        return await new_sealer(session, ring, at=at)
    return Sealer(session.tenant, key, _unwrap(ring, session.tenant, key))


async def new_sealer(session: WriteSession, ring: Keyring, *, at: datetime) -> Sealer:
    """Under a new key, which the master key of the day wraps."""
    (number,) = await take_numbers(session, DATA_KEYS, 1)
    raw, master = new_data_key(), ring.current()
    wrapped = seal(master.raw, raw, _key_place(session.tenant, number))
    key = DataKey(number, master.id, wrapped)
    await add_key(session, key, at=at)
    return Sealer(session.tenant, key, raw)


def field_place(tenant: int, shop: str, field: AccountField) -> tuple[str, ...]:
    """Where a secret belongs: it opens nowhere else."""
    return ("account", str(tenant), shop, field.value)


def _key_place(tenant: int, number: int) -> tuple[str, ...]:
    return ("data key", str(tenant), str(number))


def _unwrap(ring: Keyring, tenant: int, key: DataKey) -> bytes:
    return unseal(ring.find(key.master).raw, key.wrapped, _key_place(tenant, key.number))
