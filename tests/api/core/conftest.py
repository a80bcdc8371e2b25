"""Every refusal that a test of the arithmetic meets has the form of one, whatever it is about."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.schema.errors import Fault, KaoheError

POINTER = re.compile(r"(/[^\s/]+)*|/|\?[a-z_]+")
CODE = re.compile(r"[a-z][a-z0-9_]*")
SENTENCE = re.compile(r"\S.*[.?!)]", re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def refusals_are_well_formed() -> Iterator[None]:
    """A place that is one, a code of lower case, and a sentence with an end."""
    patch = pytest.MonkeyPatch()
    patch.setattr(Fault, "__init__", checked(Fault.__init__))
    patch.setattr(KaoheError, "__init__", checked(KaoheError.__init__))
    yield
    patch.undo()


def checked(make: Callable[..., None]) -> Callable[..., None]:
    def make_checked(self: Any, *arguments: object, **named: object) -> None:
        make(self, *arguments, **named)
        assert CODE.fullmatch(self.code), self.code
        assert SENTENCE.fullmatch(self.detail), self.detail
        assert not self.detail.isupper(), self.detail
        if isinstance(self, Fault):
            assert POINTER.fullmatch(self.pointer), self.pointer

    return make_checked
