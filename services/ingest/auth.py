"""What each caller may see of what came in."""

from datetime import datetime

from services.door.reach import read_reach
from services.ingest.store.people import read_tenant
from services.schema.days import local_day
from services.schema.db import ReadSession
from services.schema.shapes.people import Caller
from services.schema.shapes.views import View, make_view, sees_whole
from services.schema.words import Role


async def view_of(session: ReadSession, caller: Caller, at: datetime) -> View:
    """What a caller may see as people were assigned at an instant, on the tenant's own day."""
    if sees_whole(caller.role) or caller.employee is None:
        return make_view(caller, None)
    day = local_day(at, (await read_tenant(session)).timezone)
    reach = await read_reach(session, caller.employee, day, below=caller.role is Role.LEAD)
    return make_view(caller, reach)
