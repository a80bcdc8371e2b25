"""The first start: the made-up company moves in, its facts come in, people appraise each other.

Each step may be taken again: a start that was killed goes on where it was, and ends alike.
"""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from sandbox import company
from services.cli import appraisals, monitoring
from services.cli.client import Client

ROLES = ("admin", "hr", "lead", "employee", "erp", "payroll", "viewer")

_KEPT_BESIDE = {"code", "version", "latest_version", "template", "changed_at"}
"""What schemes and ladders are read with and not written with."""

Advance = Callable[[int], None]


def move_in(admin: Client, today: date) -> None:
    """The tenant's settings, shops, units, people, ladder, schemes, targets and posted values."""
    admin.put("/v1/tenant", company.TENANT)
    admin.put("/v1/rates", company.rates(today))
    admin.post_batch("/v1/shops/batch", company.shops())
    admin.post_batch("/v1/units/batch", company.units())
    admin.post_batch("/v1/employees/batch", company.employees(today))
    _put_ladder(admin, company.ladder())
    for scheme in company.schemes():
        _publish_scheme(admin, scheme)
    _set_targets(admin, today)
    admin.post_batch("/v1/indicators/values", company.values(today))


def post_facts(erp: Client, today: date, advance: Advance) -> None:
    """What no marketplace's API gives, and the shops that are on none, as an ERP posts them."""
    for kind, rows in company.erp_facts(today).items():
        for count in erp.post_facts(kind, rows, key=f"demo-{today}-{kind}"):
            advance(count)


def exclude(admin: Client, today: date) -> None:
    """What finance found out since: the orders count in gross sales alone, once."""
    rows = company.exclusions(today)
    if not any(
        admin.list(f"/v1/exclusions?source={row['source']}&order={row['order']}") for row in rows
    ):
        admin.post("/v1/exclusions/batch", rows)


def follow(admin: Client, today: date) -> None:
    """On a later day: what has come since, and the cycles of a month that has begun since."""
    move_in(admin, today)
    post_facts(admin, today, lambda _: None)
    exclude(admin, today)
    appraisals.open_cycles(admin, today, lambda _: None)
    appraisals.rate(admin, today, lambda _: None)
    appraisals.publish(admin, today, lambda _: None)
    appraisals.correct(admin, today)
    monitoring.monitor(admin, today)


def count_facts(today: date) -> int:
    """How many rows the ERP posts."""
    return sum(len(rows) for rows in company.erp_facts(today).values())


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
    for item in (item for section in document["sections"] for item in section["items"]):
        if item["code"] in scheme["raters"]:
            item["rule"]["raters"] = scheme["raters"][item["code"]]
        item.update(scheme["items"].get(item["code"], {}))
    admin.put(path, {**document, **scheme["draft"]})
    admin.post(f"{path}/publish", None)


def _put_ladder(admin: Client, ladder: dict[str, Any]) -> None:
    path = f"/v1/ladders/{ladder['code']}"
    kept = admin.find(path)
    if kept is None:
        kept = admin.post("/v1/ladders", {"code": ladder["code"], "template": ladder["template"]})
    if not kept["positions"]:
        document = {name: part for name, part in kept.items() if name not in _KEPT_BESIDE}
        admin.put(path, {**document, "positions": ladder["positions"]})


def _set_targets(admin: Client, today: date) -> None:
    """Those that are not set: what people have set since stays as it is."""

    def key(target: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(target[name] for name in company.TARGET_KEY)

    known = {key(target) for target in admin.list("/v1/targets")}
    if missing := [target for target in company.targets(today) if key(target) not in known]:
        admin.put("/v1/targets", missing)
