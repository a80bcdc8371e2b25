"""Changes of sales, read for a subject and two periods at once."""

from services.api.core.documents import to_bytes
from services.api.core.sales_change_documents import sales_change_document
from services.api.core.sales_changes import ORDER_VALUE, VISITORS, sales_then, split_sales
from services.api.core.values import usual_scope
from services.api.flows.values import read_values
from services.schema.days import Period
from services.schema.db import ReadSession
from services.schema.money import minor_places
from services.schema.shapes.indicators import Wanted
from services.schema.shapes.people import Subject, Tenant
from services.schema.words import Scope, SubjectKind


def sales_scope(subject: Subject) -> Scope:
    """Whose sales where nobody says: a person's are the shops', since visitors name nobody."""
    return Scope.SHOPS if subject.kind is SubjectKind.EMPLOYEE else usual_scope(subject)


async def sales_change(
    session: ReadSession,
    subject: Subject,
    scope: Scope,
    *,
    period: Period,
    against: Period,
    tenant: Tenant,
) -> bytes:
    """The change of a subject's sales from one period to another, in the tenant's currency."""
    wanted = {
        (code, each): Wanted(code, subject, scope, each, each.start, each.end)
        for code in (ORDER_VALUE, VISITORS)
        for each in (against, period)
    }
    read = await read_values(session, wanted.values(), tenant=tenant)
    places = minor_places(tenant.currency)
    before, after = (
        sales_then(
            each,
            read[wanted[ORDER_VALUE, each]],
            read[wanted[VISITORS, each]],
            places=places,
        )
        for each in (against, period)
    )
    change = split_sales(before, after, places=places)
    return to_bytes(
        sales_change_document(subject, scope, change, currency=tenant.currency, places=places)
    )
