"""Graph of the caller: who asks, and in which company."""

import strawberry

from services.api.graph.context import Asked
from services.api.graph.employees import Employee, find_employee
from services.api.graph.nodes import link
from services.api.graph.rating_requests import RatingRequest, requests_of_caller
from services.schema.words import Role


@strawberry.type(description="Who asks.")
class Viewer:
    role: Role
    tenant: str = strawberry.field(description="The company's name.")
    currency: str = strawberry.field(description="What the company's money is stated in.")
    timezone: str
    code: strawberry.Private[str | None]

    @link("The caller in person; null for a machine.")
    async def employee(self, info: Asked) -> Employee | None:
        return await find_employee(info.context, self.code) if self.code else None

    @link("What the caller is asked to rate in cycles that still take it, and has given so far.")
    async def rating_requests(self, info: Asked) -> list[RatingRequest] | None:
        return await requests_of_caller(info.context)


async def viewer(info: Asked) -> Viewer:
    """The caller and the company."""
    info.context.authorize("REST GET /v1/tenant")
    tenant, caller = await info.context.tenant(), info.context.caller
    return Viewer(
        role=caller.role,
        tenant=tenant.name,
        currency=tenant.currency,
        timezone=tenant.timezone,
        code=caller.employee,
    )
