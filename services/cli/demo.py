"""The first start: the made-up company moves in, its facts come in, last month is published.

Each step may be taken again: a start that was killed goes on where it was, and ends alike.
"""

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sandbox import company
from services.cli.client import Client

ROLES = ("admin", "hr", "lead", "employee", "erp", "payroll", "viewer")
_STAGES = ("draft", "open", "closed", "review", "calibration", "approved", "published")

_KEPT_BESIDE = {"code", "version", "latest_version", "template", "changed_at"}
"""What a scheme is read with and not written with."""

Advance = Callable[[int], None]


def move_in(admin: Client, today: date) -> None:
    """The tenant's settings, shops, units, people, schemes, targets and posted values."""
    admin.put("/v1/tenant", company.TENANT)
    admin.put("/v1/rates", company.rates(today))
    admin.post_batch("/v1/shops/batch", company.shops())
    admin.post_batch("/v1/units/batch", company.units())
    admin.post_batch("/v1/employees/batch", company.employees(today))
    for scheme in company.schemes():
        _publish_scheme(admin, scheme)
    admin.put("/v1/targets", company.targets(today))
    admin.post_batch("/v1/indicators/values", company.values(today))


def post_facts(erp: Client, today: date, advance: Advance) -> None:
    """What no marketplace's API gives, and the shops that are on none, as an ERP posts them."""
    for kind, rows in company.erp_facts(today).items():
        for count in erp.post_facts(kind, rows, key=f"demo-{today}-{kind}"):
            advance(count)


def follow(admin: Client, today: date) -> None:
    """On a later day: what has come since, and the cycles of a month that has begun since."""
    move_in(admin, today)
    post_facts(admin, today, lambda _: None)
    appraise(admin, today, lambda _: None)


def count_facts(today: date) -> int:
    """How many rows the ERP posts."""
    return sum(len(rows) for rows in company.erp_facts(today).values())


def appraise(hr: Client, today: date, advance: Advance) -> None:
    """Open this month's cycles, and take last month's to the payroll feed."""
    last_month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    for cycle in company.cycles(today):
        if hr.find(f"/v1/cycles/{cycle['code']}") is None:
            hr.post("/v1/cycles", cycle)
        _move(hr, str(cycle["code"]), "published" if cycle["period"] == last_month else "open")
        advance(1)


def make_keys(admin: Client, admin_key: str, file: Path) -> dict[str, str]:
    """One key for each role, kept for their owner alone; written when the demo stands."""
    keys = {"admin": admin_key}
    for role in ROLES[1:]:
        holder = company.KEY_HOLDERS.get(role)
        keys[role] = admin.post("/v1/keys", {"role": role, "employee": holder})["key"]
    write_private(file, json.dumps(keys, indent=2) + "\n")
    return keys


def write_private(file: Path, text: str) -> None:
    """Write a file whole, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)


def _publish_scheme(admin: Client, scheme: dict[str, Any]) -> None:
    path = f"/v1/schemes/{scheme['code']}"
    draft = admin.find(path)
    if draft is None:
        draft = admin.post("/v1/schemes", {"code": scheme["code"], "template": scheme["template"]})
    if draft["latest_version"] is not None:
        return
    document = {name: part for name, part in draft.items() if name not in _KEPT_BESIDE}
    more = {name: scheme[name] for name in ("pay", "distribution")}
    admin.put(path, {**document, **more})
    admin.post(f"{path}/publish", None)


def _move(hr: Client, code: str, goal: str) -> None:
    """Take a cycle step by step to a stage; without a distribution there is no calibration."""
    path = f"/v1/cycles/{code}"
    while (stage := hr.get(path)["status"]) != goal:
        following = _STAGES[_STAGES.index(stage) + 1]
        if following == "calibration" and hr.find(f"{path}/distribution") is None:
            following = "approved"
        hr.post(f"{path}/moves", {"to": following, "reason": None})
