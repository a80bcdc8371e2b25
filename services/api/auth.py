"""What each caller may see: the one place where doors ask for a view."""

from datetime import datetime

from services.api.core.views import make_view, sees_whole
from services.api.store.people import read_tenant
from services.door.reach import read_reach
from services.schema.days import local_day
from services.schema.db import ReadSession
from services.schema.shapes.people import Caller
from services.schema.shapes.views import Reach, View
from services.schema.words import Role


async def reach_of(session: ReadSession, caller: Caller, at: datetime) -> Reach | None:
    """Who stands below a caller on the tenant's own day, whatever the role; null without one."""
    if caller.employee is None:
        return None
    day = local_day(at, (await read_tenant(session)).timezone)
    return await read_reach(session, caller.employee, day, below=True)


async def view_of(session: ReadSession, caller: Caller, at: datetime) -> View:
    """What a caller may see as people were assigned at an instant, on the tenant's own day."""
    if sees_whole(caller.role) or caller.employee is None:
        return make_view(caller, None)
    day = local_day(at, (await read_tenant(session)).timezone)
    reach = await read_reach(session, caller.employee, day, below=caller.role is Role.LEAD)
    return make_view(caller, reach)
