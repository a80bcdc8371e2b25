"""`kaohe audit`: every tenant's chain walked by the operator, and its head as a line to keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.api.core.audit import digest_text, head_line
from services.api.flows.audit import Verification, heads_of_all, verify_audit
from services.api.store.tenants import read_tenant_codes
from services.schema.db import Database
from services.schema.errors import NotFound


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one tenant's chain is worth."""

    tenant: int
    code: str
    found: Verification | None
    """Null of a tenant that is gone, and of whom a head was kept."""

    @property
    def is_good(self) -> bool:
        return self.found is not None and self.found.intact

    def __str__(self) -> str:
        name = f"tenant {self.tenant} {self.code}"
        if self.found is None:
            return f"{name}: a head was kept of it, and it is not here"
        told = [f"{name}: {self.found.entries} entries"]
        if self.found.first_bad is not None:
            told.append(f"entry {self.found.first_bad} is the first that is not as it was written")
        if self.found.rewritten is not None:
            told.append(
                f"entry {self.found.rewritten} is not as its head was kept: rewritten or gone"
            )
        told.append(f"{'intact, ' if self.is_good else ''}head {digest_text(self.found.head)}")
        return "; ".join(told)


async def verify_audits(
    dsn: str, code: str | None, kept: Mapping[int, Mapping[int, bytes]]
) -> list[Verdict]:
    """Walk the chain of one tenant, or of all, each against the heads that were kept of it."""
    database = Database(dsn, application="kaohe-operator", pool_size=1)
    try:
        async with database.register() as register:
            known = await read_tenant_codes(register)
        verdicts = []
        for tenant in _wanted(known, code):
            async with database.read(tenant) as session:
                found = await verify_audit(session, kept.get(tenant))
            verdicts.append(Verdict(tenant, known[tenant], found))
    finally:
        await database.close()
    gone = [] if code is not None else sorted(kept.keys() - known.keys())
    return [*verdicts, *(Verdict(tenant, "?", None) for tenant in gone)]


async def read_audit_heads(dsn: str, code: str | None) -> list[str]:
    """The head of one tenant's audit, or of all, as lines to be kept elsewhere."""
    database = Database(dsn, application="kaohe-operator", pool_size=1)
    try:
        heads = await heads_of_all(database)
    finally:
        await database.close()
    known = {tenant: name for tenant, name, _ in heads}
    wanted = set(_wanted(known, code))
    at = datetime.now(UTC)
    return [head_line(*each, at=at) for each in heads if each[0] in wanted]


def _wanted(known: Mapping[int, str], code: str | None) -> list[int]:
    found = [tenant for tenant, name in known.items() if code in {None, name}]
    if code is not None and not found:
        raise NotFound("tenant")
    return found
