"""Every word, key and figure of the documents of drawn cards is as it was kept."""

import pytest

from tests.api.core.written import WRITERS, differences, kept, made


@pytest.mark.parametrize("kind", WRITERS)
def test_a_document_is_written_as_it_was(kind: str) -> None:
    assert differences(kept(kind), made(kind)) == []


def test_a_difference_is_told_with_its_place() -> None:
    assert differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == ["/a/1/b: 2 is 3"]
    assert differences({"a": 1, "b": 2}, {"b": 2, "a": 1}) == [": ['a', 'b'] are ['b', 'a']"]
    assert differences([1], [1, 2]) == [": [1] is [1, 2]"]
    assert differences({"a": None}, {"a": None}) == []
