"""What pay is computed from besides the card: asked for as data close, and kept as it was then."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from services.api.core.cards import CardPlan, Setting, items_in
from services.api.core.documents import to_bytes
from services.api.core.teams import led_units, members_of
from services.schema.shapes.indicators import Value, Wanted
from services.schema.shapes.levels import LevelInForce
from services.schema.shapes.pay_plans import (
    Commission,
    LeaderCapacity,
    LeaderMean,
    LevelAllowance,
    Pay,
)
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Item, Scheme
from services.schema.words import NoValue, Scope, SubjectKind


@dataclass(frozen=True, slots=True)
class PayWanted:
    """The values and levels that the pay of a card asks for, and whom its person leads."""

    bases: Mapping[str, Wanted]
    """By indicator of a commission."""
    outputs: Mapping[str, Mapping[str, Wanted]]
    """By indicator of a leader's plan, and by whose output it is."""
    members: tuple[str, ...]
    ladders: frozenset[str]

    def values(self) -> Iterator[Wanted]:
        """Every value that is asked for."""
        yield from self.bases.values()
        for own in self.outputs.values():
            yield from own.values()


def pay_wanted(plan: CardPlan, setting: Setting) -> PayWanted:
    """What the plans of a card's scheme ask for, over all of the card's days."""
    last = plan.segments[-1]
    plans = setting.schemes[last.scheme, last.scheme_version].pay
    return PayWanted(
        bases=_bases_wanted(plan, plans, setting),
        outputs={
            pay.indicator: _outputs_wanted(plan, pay.indicator, setting)
            for pay in plans
            if isinstance(pay, LeaderCapacity)
        },
        members=(
            _members(plan, setting) if any(isinstance(pay, LeaderMean) for pay in plans) else ()
        ),
        ladders=frozenset(pay.ladder for pay in plans if isinstance(pay, LevelAllowance)),
    )


def basis_of(
    wanted: PayWanted, values: Mapping[Wanted, Value], levels: Mapping[str, LevelInForce]
) -> PayBasis:
    """What was asked for, once it is read; `levels` are the person's by ladder."""
    return PayBasis(
        bases={code: values[one] for code, one in wanted.bases.items()},
        outputs={
            code: {whose: values[one] for whose, one in own.items()}
            for code, own in wanted.outputs.items()
        },
        members=wanted.members,
        levels={ladder: levels.get(ladder) for ladder in sorted(wanted.ladders)},
    )


def lines_paid_on(
    plan: CardPlan, schemes: Mapping[tuple[str, int], Scheme]
) -> dict[str, tuple[tuple[Wanted, Decimal | None], ...]]:
    """By indicator of a commission, the line of each segment that shows what it is paid on.

    Each with the value that was stated for it as a dispute was upheld, if one was; of commissions
    for whose lines nothing was stated there is nothing here.
    """
    last = schemes[plan.segments[-1].scheme, plan.segments[-1].scheme_version]
    scopes = _scopes(_items(last))
    found = {
        pay.indicator: tuple(_lines_of(plan, schemes, pay.indicator, scopes.get(pay.indicator)))
        for pay in last.pay
        if isinstance(pay, Commission)
    }
    return {
        code: lines
        for code, lines in found.items()
        if any(stated is not None for _, stated in lines)
    }


def paid_as_stated(
    basis: PayBasis, lines: Mapping[str, Sequence[tuple[Value, Decimal | None]]]
) -> PayBasis:
    """A basis in which what HR stated of lines has reached the commissions that are paid on them.

    Of each line is given what it was without that. It moves the base by the difference, so that
    refunds still count in the period of their order (`domain.md`, section 8).
    """
    return replace(
        basis,
        bases={
            code: _as_stated(value, lines[code]) if code in lines else value
            for code, value in basis.bases.items()
        },
    )


def basis_document(basis: PayBasis) -> bytes:
    """The basis as it is kept beside its card."""
    return to_bytes(
        {
            "bases": _values_to_wire(basis.bases),
            "outputs": {code: _values_to_wire(own) for code, own in sorted(basis.outputs.items())},
            "members": list(basis.members),
            "levels": {
                ladder: None if held is None else asdict(held)
                for ladder, held in sorted(basis.levels.items())
            },
        }
    )


def read_basis(document: bytes) -> PayBasis:
    """The basis of a document."""
    stated = json.loads(document)
    return PayBasis(
        bases=_read_values(stated["bases"]),
        outputs={code: _read_values(own) for code, own in stated["outputs"].items()},
        members=tuple(stated["members"]),
        levels={
            ladder: None if held is None else LevelInForce(**held)
            for ladder, held in stated["levels"].items()
        },
    )


def _lines_of(
    plan: CardPlan,
    schemes: Mapping[tuple[str, int], Scheme],
    indicator: str,
    scope: Scope | None,
) -> Iterator[tuple[Wanted, Decimal | None]]:
    for number, segment in enumerate(plan.segments, 1):
        items = _items(schemes[segment.scheme, segment.scheme_version])
        line = next(
            (each for each in items if (each.indicator, each.scope) == (indicator, scope)), None
        )
        if line is not None:
            stated = [
                each.value
                for each in plan.stated.values
                if each.item == line.code and each.segment in {None, number}
            ]
            wanted = Wanted(
                indicator=indicator,
                subject=plan.card.subject,
                scope=line.scope,
                period=plan.cycle.period,
                start=segment.start,
                end=segment.end,
            )
            yield wanted, stated[-1] if stated else None


def _as_stated(base: Value, lines: Sequence[tuple[Value, Decimal | None]]) -> Value:
    """Without any fact a base is 0; one that cannot be known is what all of its lines were stated
    to be.
    """
    stated = [value for _, value in lines if value is not None]
    if base.value is None and base.reason is not NoValue.NO_ROWS:
        return Value(sum(stated, Decimal(0)), None) if len(stated) == len(lines) else base
    moved = sum(
        (value - (was.value or Decimal(0)) for was, value in lines if value is not None),
        base.value or Decimal(0),
    )
    return Value(moved, None)


def _items(scheme: Scheme) -> Iterator[Item]:
    return (item for section in scheme.sections for item in section.items)


def _scopes(items: Iterable[Item]) -> dict[str | None, Scope]:
    """The scope of each indicator: that of the first item with it."""
    return {item.indicator: item.scope for item in reversed(list(items))}


def _bases_wanted(plan: CardPlan, plans: tuple[Pay, ...], setting: Setting) -> dict[str, Wanted]:
    """What each commission is paid on.

    The scope is that of the first item with the same indicator, else the facts that name the
    subject (`domain.md`, section 8, does not say whose sales they are).
    """
    scopes = _scopes(items_in(plan.segments[-1], setting))
    return {
        pay.indicator: _wanted(
            plan, pay.indicator, plan.card.subject, scopes.get(pay.indicator, Scope.OWN)
        )
        for pay in plans
        if isinstance(pay, Commission)
    }


def _outputs_wanted(plan: CardPlan, indicator: str, setting: Setting) -> dict[str, Wanted]:
    """A team's output is that of the units led; of who leads none, what names the members."""
    units = led_units(plan.card.subject.code, setting.units)
    if units:
        teams = [(Subject(SubjectKind.UNIT, code), Scope.UNIT) for code in units]
    else:
        people = _members(plan, setting)
        teams = [(Subject(SubjectKind.EMPLOYEE, code), Scope.OWN) for code in people]
    return {str(whose): _wanted(plan, indicator, whose, scope) for whose, scope in teams}


def _members(plan: CardPlan, setting: Setting) -> tuple[str, ...]:
    last_day = plan.cycle.period.end - timedelta(days=1)
    return members_of(plan.card.subject.code, setting.employees, setting.units, last_day)


def _wanted(plan: CardPlan, indicator: str, subject: Subject, scope: Scope) -> Wanted:
    return Wanted(
        indicator=indicator,
        subject=subject,
        scope=scope,
        period=plan.cycle.period,
        start=plan.segments[0].start,
        end=plan.segments[-1].end,
    )


def _values_to_wire(values: Mapping[str, Value]) -> dict[str, object]:
    return {
        name: {
            "value": None if value.value is None else format(value.value, "f"),
            "reason": value.reason,
        }
        for name, value in sorted(values.items())
    }


def _read_values(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, Value]:
    return {
        name: Value(
            None if each["value"] is None else Decimal(each["value"]),
            None if each["reason"] is None else NoValue(each["reason"]),
        )
        for name, each in stated.items()
    }
