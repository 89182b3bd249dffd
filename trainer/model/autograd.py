"""Calling an autograd Function, whose `apply` has no type annotations."""

from typing import Any


def call(function: Any, *arguments: Any) -> Any:
    """Return what the autograd Function `function` makes of `arguments`."""
    return function.apply(*arguments)
