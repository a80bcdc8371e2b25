"""How long state machines are tried: in every run, and before a release (`reliability.md`, 5)."""

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


@dataclass(frozen=True, slots=True)
class Size:
    """So many sequences of at most so many steps."""

    examples: int
    steps: int
    is_fixed: bool = False
    """The same sequences each time, where few are tried: others before a release."""

    def run(self, machine: type[RuleBasedStateMachine]) -> None:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=self.examples,
                stateful_step_count=self.steps,
                derandomize=self.is_fixed,
                deadline=None,
            ),
        )


def sizes(every_run: Size, before_a_release: Size) -> pytest.MarkDecorator:
    """The parameter `size` of a test."""
    return pytest.mark.parametrize(
        "size", [every_run, pytest.param(before_a_release, marks=pytest.mark.long)], ids=str
    )


IN_MEMORY = sizes(Size(200, 30), Size(5000, 80))
ON_A_DATABASE = sizes(Size(20, 30), Size(400, 80))
CORRECTED = sizes(Size(6, 20, is_fixed=True), Size(200, 80))
"""Where a step may be a whole publication."""
