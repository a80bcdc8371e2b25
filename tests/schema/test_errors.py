"""The tree of refusals is the one its docstring draws."""

import inspect

import services.schema.errors as module
from services.schema.errors import KaoheError


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    errors = {
        name
        for name, error in inspect.getmembers(module, inspect.isclass)
        if issubclass(error, KaoheError)
    }
    assert module.__doc__ is not None
    assert errors == {name for name in errors if name in module.__doc__}
    assert all(error.__doc__ for name, error in inspect.getmembers(module, inspect.isclass))
