"""Which uses of results rules propose by past grades; people decide, nothing follows by itself."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from services.schema.errors import Fault, Invalid
from services.schema.shapes.uses import (
    Histories,
    PastGrade,
    ShownUse,
    Use,
    UseDecision,
    UseProposal,
    UseRule,
)

_MOVES = frozenset({Use.PROMOTION, Use.DEMOTION})
"""Uses that are steps on a ladder of positions, and so lead from one to another."""
_STAYS = frozenset({Use.TRAINING, Use.WARNING})


def check_rule(rule: UseRule) -> None:
    """Refuse a rule that could never hold, and a step without both its ends."""
    faults = []
    if rule.at_least > rule.of_last:
        detail = f"Of {rule.of_last} grades there are never {rule.at_least}."
        faults.append(Fault("/at_least", "never_reached", detail))
    if len(set(rule.grades)) != len(rule.grades):
        faults.append(Fault("/grades", "stated_twice", "A grade stands twice."))
    if rule.use in _MOVES and rule.position is None:
        detail = f"A {rule.use} is a step from a position."
        faults.append(Fault("/position", "position_missing", detail))
    if rule.use in _MOVES and rule.to is None:
        faults.append(Fault("/to", "position_missing", f"A {rule.use} is a step to a position."))
    if rule.use in _STAYS and rule.to is not None:
        faults.append(Fault("/to", "position_unused", f"A {rule.use} leads to no position."))
    if rule.to is not None and rule.to == rule.position:
        faults.append(Fault("/to", "position_same", "A step leads to another position."))
    if faults:
        raise Invalid(faults[0].code, faults[0].detail, faults)


def uses_of(
    rules: Iterable[UseRule],
    histories: Histories,
    positions: Mapping[str, Collection[str]],
    decisions: Collection[UseDecision],
) -> list[ShownUse]:
    """All proposals, open and decided, by rule, employee and result.

    What was decided stays as it was then, whatever became of rule and grades.
    """
    decided = {_key_of(each.proposal): each for each in decisions}
    found = {
        _key_of(proposal): proposal
        for rule in rules
        for proposal in _proposals_of(rule, histories, positions, decisions)
    }
    shown = {key: ShownUse(proposal, None) for key, proposal in found.items()}
    shown |= {key: ShownUse(each.proposal, each) for key, each in decided.items()}
    return [shown[key] for key in sorted(shown)]


def _proposals_of(
    rule: UseRule,
    histories: Histories,
    positions: Mapping[str, Collection[str]],
    decisions: Collection[UseDecision],
) -> Iterator[UseProposal]:
    if not rule.active:
        return
    used = {
        (each.proposal.employee, past.result)
        for each in decisions
        if each.accepted and each.proposal.rule == rule.code
        for past in each.proposal.grades
    }
    for employee, held in positions.items():
        if rule.position is not None and rule.position not in held:
            continue
        of_kind = (past for past in histories.get(employee, ()) if past.kind is rule.cycle)
        # A grade that has led to this use does not lead to it once more.
        fresh = [past for past in of_kind if (employee, past.result) not in used]
        proposal = _proposal(rule, employee, tuple(fresh[: rule.of_last]))
        if proposal is not None:
            yield proposal


def _proposal(rule: UseRule, employee: str, grades: tuple[PastGrade, ...]) -> UseProposal | None:
    met = sum(past.grade in rule.grades for past in grades)
    if met < rule.at_least:
        return None
    return UseProposal(
        rule=rule.code,
        use=rule.use,
        employee=employee,
        position=rule.position,
        to=rule.to,
        result=grades[0].result,
        met=met,
        grades=grades,
    )


def _key_of(proposal: UseProposal) -> tuple[str, str, str]:
    return proposal.rule, proposal.employee, proposal.result
