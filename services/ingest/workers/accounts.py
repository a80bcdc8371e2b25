"""The accounts that a worker reads with: those of the file, and those sealed in the database.

An account that was put into the database goes before one of the file. A broken file, or an
account that does not open, leaves the others as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from services.door.sealing import Keyring
from services.ingest.flows.accounts import open_accounts
from services.ingest.sources.accounts import Account, Accounts, read_accounts
from services.ingest.sources.tokens import KeptPair, read_left_pairs
from services.ingest.store.accounts import read_terms
from services.ingest.store.tenants import read_tenant_numbers
from services.schema.db import Database
from services.schema.errors import Invalid, Unavailable
from services.schema.shapes.accounts import AccountTerms
from services.schema.shapes.feeds import Supplement

LOOK_EVERY = timedelta(seconds=10)

_log = structlog.get_logger("kaohe.pull")

Place = tuple[int, str]
"""The number of a tenant and the code of its shop."""


@dataclass(slots=True)
class _Sealed:
    """A tenant's accounts as they were last opened."""

    terms: list[AccountTerms]
    accounts: list[Account]


@dataclass(slots=True)
class _File:
    """The accounts file as it was last read."""

    read_at: int | None = None
    accounts: Accounts | None = None
    left_pairs: dict[str, KeptPair] = field(default_factory=dict)


class AccountBook:
    """Who is reached how; read again as it changes."""

    def __init__(
        self,
        database: Database,
        file: Path | None,
        ring: Keyring | None,
        sandbox: tuple[str, ...],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._path = file
        self.ring = ring
        self._sandbox = sandbox
        self._now = now
        self._file = _File()
        self._sealed: dict[int, _Sealed] = {}
        self._looked_at: datetime | None = None
        self._told: set[str] = set()
        self.edition = 0
        """Raised when the file has changed: what it says of all shops may be other."""
        self.accounts: Mapping[Place, Account] = {}

    @property
    def supplement(self) -> Supplement:
        return self._file.accounts.supplement if self._file.accounts else Supplement()

    @property
    def sandbox(self) -> tuple[str, ...]:
        stated = self._file.accounts.sandbox if self._file.accounts else ()
        return (*self._sandbox, *stated)

    async def refresh(self) -> None:
        """Read what has changed."""
        self._read_file()
        if self._file.accounts is None and self.ring is None:
            return
        async with self._database.register() as register:
            numbers = await read_tenant_numbers(register)
        found: dict[Place, Account] = {}
        for account in self._file.accounts.accounts if self._file.accounts else ():
            number = numbers.get(account.tenant)
            if number is None:
                self.tell(f"{account.tenant}/{account.shop}", "there is no such tenant")
            else:
                found[number, account.shop] = account
        if self.ring is not None:
            await self._look(self.ring, numbers)
        for number, sealed in self._sealed.items():
            found |= {(number, account.shop): account for account in sealed.accounts}
        self.accounts = found

    def left_pair(self, account: Account) -> KeptPair | None:
        """The pair that an older version kept of an account in the clear."""
        return self._file.left_pairs.get(f"{account.tenant}/{account.shop}")

    def forget_left_pair(self, account: Account) -> None:
        """It is sealed now; once all are, the file where they stood is removed."""
        self._file.left_pairs.pop(f"{account.tenant}/{account.shop}", None)
        if not self._file.left_pairs and self._file.accounts is not None:
            self._file.accounts.left_pairs.unlink(missing_ok=True)
            _log.info("pairs.taken_over", file=str(self._file.accounts.left_pairs))

    def tell(self, place: str, reason: str) -> None:
        """Why a shop is not read: once, and not again each minute."""
        if (said := f"{place}: {reason}") not in self._told:
            self._told.add(said)
            _log.warning("shop.not_pulled", shop=place, reason=reason)

    def _read_file(self) -> None:
        """A broken file leaves everything as it was."""
        if self._path is None:
            return
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at == self._file.read_at:
                return
            self._file.read_at = changed_at
            accounts = read_accounts(self._path)
            left_pairs = dict(read_left_pairs(accounts.left_pairs))
        except (OSError, Invalid, Unavailable) as error:
            _log.error("accounts.unread", problem=str(error))
            return
        self._file.accounts, self._file.left_pairs = accounts, left_pairs
        self.edition += 1

    async def _look(self, ring: Keyring, numbers: Mapping[str, int]) -> None:
        """Open again what somebody has put since; a glance at each tenant, now and then."""
        at = self._now()
        if self._looked_at is not None and at - self._looked_at < LOOK_EVERY:
            return
        for code, number in numbers.items():
            async with self._database.read(number) as session:
                terms = await read_terms(session)
                seen = self._sealed.get(number)
                if terms == (seen.terms if seen else []):
                    continue
                accounts, shut = await open_accounts(session, ring, code)
            self._sealed[number] = _Sealed(terms, accounts)
            for shop, reason in shut.items():
                self.tell(f"{code}/{shop}", reason)
        self._looked_at = at
