"""The page at `/`: cycles, people, totals and grades, each with a link to how it came about.

Plain HTML without a script. It shows what the key that asks for it may see; in a demo also
without a key, then as a viewer of the one company that the settings name.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.api.auth import view_of
from services.api.flows.indicators import known_indicators
from services.api.rest.explained import Names, explanation_of
from services.api.rest.markup import Markup, element, page
from services.api.rest.settled import Settles, SettledRoute
from services.api.rest.style import STYLE
from services.api.settings import ApiSettings
from services.api.store.cycles import read_page_of_cycles
from services.api.store.live import is_pending
from services.api.store.people import read_employees, read_tenant, read_units
from services.api.store.schemes import read_versions
from services.api.store.scorecards import (
    CardFilter,
    ShownCard,
    Sort,
    read_card,
    read_page_of_cards,
)
from services.door.access import authorize
from services.door.etags import PRIVATE
from services.door.pages import Cursor, decode_cursor, encode_cursor
from services.door.requests import StrictRequest
from services.door.routes import PROBLEMS, Asking, Handler, Reading
from services.door.wire import Code
from services.schema.db import Database, ReadSession
from services.schema.errors import NotFound
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import Caller, Subject
from services.schema.words import Role, SubjectKind

CYCLES_SHOWN = 100
CARDS_SHOWN = 100
