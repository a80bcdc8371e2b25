"""REST of the tenant's own settings."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import AfterValidator, Field

from services.api.flows.tenants import put_tenant
from services.api.rest.documents import bytes_of, check_current, put_answer
from services.api.store.people import read_tenant
from services.door.etags import tagged
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Currency, Model, Text, Timezone
from services.schema.days import is_fiscal_start
from services.schema.shapes.people import Tenant
from services.schema.words import WeekStart

router = new_router()


def _check_fiscal_start(text: str) -> str:
    if not is_fiscal_start(text):
        raise ValueError("a month and day of every year are expected, such as 04-01")
    return text


class TenantDocument(Model):
    """The settings of a company: what its money and its periods are stated in."""

    name: Text
    currency: Currency
    timezone: Timezone
    week_start: Annotated[WeekStart, Field(strict=False)]
    fiscal_start: Annotated[str, AfterValidator(_check_fiscal_start), Field(examples=["01-01"])]

    @classmethod
    def from_shape(cls, tenant: Tenant) -> "TenantDocument":
        return cls(
            name=tenant.name,
            currency=tenant.currency,
            timezone=tenant.timezone,
            week_start=tenant.week_start,
            fiscal_start=tenant.fiscal_start,
        )

    def to_shape(self, number: int) -> Tenant:
        return Tenant(
            id=number,
            name=self.name,
            currency=self.currency,
            timezone=self.timezone,
            week_start=self.week_start,
            fiscal_start=self.fiscal_start,
        )


@router.get("/v1/tenant", response_model=TenantDocument)
async def get_tenant(request: Request, session: Reading) -> Response:
    tenant = await read_tenant(session)
    return tagged(request, bytes_of(TenantDocument.from_shape(tenant)))


@router.put("/v1/tenant", response_model=TenantDocument)
async def put_tenant_settings(
    request: Request, settings: TenantDocument, caller: Asking, session: Writing
) -> Response:
    """Replace the settings. Currency and fiscal year are fixed once a cycle was opened."""
    await put_tenant(
        session,
        settings.to_shape(session.tenant),
        permit=lambda current: check_current(request, TenantDocument.from_shape(current)),
        caller=caller,
        at=datetime.now(UTC),
    )
    return put_answer(settings, created=False)
