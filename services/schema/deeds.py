"""What the audit says of each action: the members of an entry's detail, in one place.

Who puts a deed down is held to it, and the contract publishes it. What was ever put down stays
here: entries are never edited, and are read for ever.
"""

from collections.abc import Mapping

_CHANGE = "before after"
_ORDER = "paid_amount currency"
_TENANT = "tenant code"
_SUMMED = "rows manifest_sha256"
_STATED: Mapping[str, str] = {
    "account.put": "gateway since also calls_per_second set taken_away",
    "account.remove": "",
    "account.rotate": "key fields left dropped",
    "alert.acknowledge": "note",
    "alert.close": "note",
    "alert.raise": "kind source subject day value",
    "buyers.unlink": "key",
    "case.assigned": "owner due_on note",
    "case.closed": "owner due_on note",
    "case.done": "owner due_on note",
    "case.opened": "owner due_on note",
    "case.reopened": "owner due_on note",
    "case.told": "owner due_on note",
    "cycle.calibrate": "round moves",
    "cycle.create": _CHANGE,
    "day.state": "basis orders amount",
    "delivery.replay": "webhook event",
    "dispute.reject": "id reason value",
    "employee.create": _CHANGE,
    "employee.update": _CHANGE,
    "facts.post": "kind rows feeds feeds_in_all sha256",
    "facts.pull": "kind shop source day rows sha256",
    "feed.backfill": "job days",
    "improvement.follow_up": "cycle number state owner",
    "indicator.define": "version formula formula_before unit better",
    "indicator.post_value": "indicator period value source revision",
    "key.create": "role employee expires_at",
    "key.renew": "previous_until",
    "key.revoke": "",
    "ladder.put": "version template document",
    "late_facts.accepted": "id reason sha256 entries first_seq last_seq entries_sha256",
    "late_facts.limit": _CHANGE,
    "late_facts.proposed": "id reason sha256",
    "late_facts.rejected": "id reason sha256 entries first_seq last_seq entries_sha256",
    "level.assess": "ladder version month revision level seed fingerprint",
    "level.observe": "ladder behaviour month holds comment revision",
    "mapping.define": "kind sha256 sha256_before",
    "measure.declare": "zh en unit",
    "order.exclude": f"id reason note rule {_ORDER}",
    "order.restore": f"id undoes note {_ORDER}",
    "payout.adjust": "id amount reason withdraws",
    "payroll.acknowledge": "through before",
    "rates.put": "rates",
    "rejected.retry": "batch outcome",
    "report.write": "period revision on_time",
    "report_duty.put": _CHANGE,
    "result.drift": "cards drifts",
    "scheme.back_test": "job draft periods",
    "scheme.create": "draft document",
    "scheme.review": "draft comment",
    "scheme.update": "draft document",
    "scorecard.adjust": "id points reason withdraws",
    "scorecard.approve": "part comment fingerprint",
    "scorecard.dispute": "id about named reason",
    "scorecard.interview": "number part signed",
    "scorecard.invite": "role employee",
    "scorecard.rate": "id item role",
    "scorecard.return": "part comment fingerprint",
    "scorecard.submit": "part comment fingerprint",
    "shop.create": _CHANGE,
    "shop.update": _CHANGE,
    "standard.put": _CHANGE,
    "survey.answer": "",
    "survey.invite": "respondents",
    "survey.put": _CHANGE,
    "target.set": "indicator period level before value reason",
    "target_calendar.update": _CHANGE,
    "target_plan.set": f"indicator period revision {_CHANGE}",
    "tenant.create": f"code {_CHANGE}",
    "tenant.delete": _TENANT,
    "tenant.deleted": f"{_TENANT} rows",
    "tenant.export": _TENANT,
    "tenant.exported": f"{_TENANT} {_SUMMED}",
    "tenant.import": f"{_TENANT} {_SUMMED}",
    "tenant.imported": f"{_TENANT} {_SUMMED}",
    "tenant.update": _CHANGE,
    "token.revoke": "issued_before reason",
    "unit.create": _CHANGE,
    "unit.update": _CHANGE,
    "use.decide": "rule use result accepted reason",
    "use_rule.put": _CHANGE,
    "webhook.create": "url events",
    "webhook.delete": "url",
    "webhook.disable": "reason",
    "webhook.enable": "",
    "webhook.reseal": "key secrets left",
    "webhook.rotate": "previous_until",
}
_PUBLISHED = "results entries first_seq last_seq sha256"
_OF_MOVES = (
    "scheme_version scorecards",
    "scorecards",
    "scorecards round forced unforced ties",
    _PUBLISHED,
)
"""What a move says besides, by what it does: open, calibrate, publish, or nothing more."""

_OF_UPHOLDING = ("", "entries first_seq last_seq entries_sha256")
"""And what upholding a dispute does to a cycle that is published: it is corrected at once."""

_OF_PUBLISHING = ("", "in_force_from")
"""A version of a scheme may say from which day it is in force."""

MOVE, UPHOLD, PUBLISH = "cycle.move", "dispute.uphold", "scheme.publish"
DETAILS: Mapping[str, tuple[frozenset[str], ...]] = {
    **{action: (frozenset(members.split()),) for action, members in _STATED.items()},
    MOVE: tuple(frozenset(f"from to reason {members}".split()) for members in _OF_MOVES),
    PUBLISH: tuple(
        frozenset(f"version fingerprint {members}".split()) for members in _OF_PUBLISHING
    ),
    UPHOLD: tuple(frozenset(f"id reason value {members}".split()) for members in _OF_UPHOLDING),
}
"""By action the members that a detail has; where they differ, one set for each way."""


def check_detail(action: str, detail: Mapping[str, object]) -> None:
    """A deed that is put down says of itself what stands here, no more and no less."""
    assert action in DETAILS, f"{action} is no action that the audit knows"
    stated = frozenset(detail)
    assert stated in DETAILS[action], f"{action} has other members than {sorted(stated)}"
