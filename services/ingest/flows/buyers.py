"""What a tenant's buyers are hashed with: a key of its own, wrapped, and destroyed at will."""

from dataclasses import dataclass, field
from datetime import datetime

from services.door.audit import append_entry
from services.door.sealing import Keyring, Unopened, new_data_key, seal, unseal
from services.ingest.store.buyer_keys import (
    change_buyer_key,
    hold_buyer_key,
    start_buyer_key,
)
from services.schema.db import WriteSession
from services.schema.errors import Unavailable
from services.schema.shapes.accounts import BuyerKey
from services.schema.shapes.people import Caller

WAIT_SECONDS = 60
"""Until somebody may have named a key that is not known here."""


class Shut(Unavailable):
    """A tenant's key for buyers does not open here: nothing of it is taken until it does."""


@dataclass(frozen=True, slots=True)
class BuyerKeys:
    """What a deployment needs to open the keys of its tenants."""

    ring: Keyring
    """What wraps them."""
    former: bytes | None = field(default=None, repr=False)
    """The one key of all tenants, before each had its own."""

    async def hold(self, session: WriteSession) -> bytes:
        """The key of the session's tenant; it is not destroyed before this transaction ends.

        It must have been begun: a transaction that is long would make all others wait for it.
        """
        kept = await hold_buyer_key(session, to_change=False)
        if kept is None:
            raise Unavailable("This company's buyers have no key yet.")
        return self._open(session.tenant, kept)

    async def begin(self, session: WriteSession, *, at: datetime) -> None:
        """Make a key for the session's tenant, unless there is one."""
        await start_buyer_key(session, self._wrap(session.tenant, 1, new_data_key()), at=at)

    async def wrap_anew(self, session: WriteSession) -> bool:
        """Wrap the tenant's key under the master key of the day; whether there is one.

        A tenant that goes on with the deployment's key of before has it as its own then.
        """
        kept = await hold_buyer_key(session, to_change=True)
        if kept is None:
            return False
        raw = self._open(session.tenant, kept)
        await change_buyer_key(session, self._wrap(session.tenant, kept.number, raw), at=None)
        return True

    async def destroy(self, session: WriteSession, *, caller: Caller, at: datetime) -> int:
        """Put another key in the place of the tenant's, which need not open; gives its number.

        Nobody can tell any more who was whom, and whoever buys again is somebody new.
        """
        kept = await hold_buyer_key(session, to_change=True)
        number = 1 if kept is None else kept.number + 1
        key = self._wrap(session.tenant, number, new_data_key())
        if kept is None:
            await start_buyer_key(session, key, at=at)
        else:
            await change_buyer_key(session, key, at=at)
        await append_entry(
            session,
            at=at,
            caller=caller,
            action="buyers.unlink",
            subject="buyers",
            detail={"key": number},
        )
        return number

    def _open(self, tenant: int, kept: BuyerKey) -> bytes:
        if kept.wrapped is None:
            if self.former is None:
                detail = "The buyers of this company were hashed with KAOHE_BUYER_KEY: name it."
                raise Shut(detail, retry_after_seconds=WAIT_SECONDS)
            return self.former
        master, wrapped = kept.wrapped
        try:
            return unseal(self.ring.find(master).raw, wrapped, _place(tenant, kept.number))
        except Unopened as error:
            detail = "The key for buyers is wrapped by a master key that is not known here."
            raise Shut(detail, retry_after_seconds=WAIT_SECONDS) from error

    def _wrap(self, tenant: int, number: int, raw: bytes) -> BuyerKey:
        master = self.ring.current()
        return BuyerKey(number, (master.id, seal(master.raw, raw, _place(tenant, number))))


def _place(tenant: int, number: int) -> tuple[str, ...]:
    return ("buyer key", str(tenant), str(number))
