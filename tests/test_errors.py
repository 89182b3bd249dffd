"""The tree drawn in each errors module is the tree of its classes."""

import importlib
import inspect
import re

import pytest

ROOT = re.compile(r"^(\w+)$", re.MULTILINE)
BRANCH = re.compile(r"^((?:│   |    )*)[├└]── (\w+)", re.MULTILINE)


def drawn(text: str) -> dict[str, str]:
    """Return the tree in a docstring, each class with its base; the root's base is Exception."""
    root = ROOT.findall(text)[0]
    tree, path = {root: "Exception"}, [root]
    for indent, name in BRANCH.findall(text):
        depth = 1 + len(indent) // 4
        tree[name] = path[depth - 1]
        path[depth:] = [name]
    return tree


@pytest.mark.parametrize("name", ["tasks.errors", "trainer.errors", "bot.errors"])
def test_the_docstring_draws_exactly_the_classes_of_the_module(name: str) -> None:
    module = importlib.import_module(name)
    classes = {
        kind.__name__: kind.__mro__[1].__name__
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == name
    }

    assert drawn(str(module.__doc__)) == classes
