"""What tests of adapters share."""

import hashlib
from typing import Any

import pytest


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with every digest that is begun in this process."""
    begun: list[str] = []
    original = hashlib.sha256

    def counted(*arguments: Any, **named: Any) -> Any:
        begun.append("sha256")
        return original(*arguments, **named)

    monkeypatch.setattr(hashlib, "sha256", counted)
    return begun
