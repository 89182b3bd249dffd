"""Malformed requests to the `/local/*` routes."""

from __future__ import annotations

import aiohttp
import pytest

from bot.workspace.workspace import Workspace
from tests.bot.conftest import cookie_of
from tests.bot.workspace.conftest import Json, Local


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("command", {}, 400),
        ("command", {"channel": "general", "user": "alice", "command": "train"}, 400),
        ("command", {"channel": "general", "user": "nobody", "command": "/x"}, 404),
        ("command", {"channel": "general", "user": "swallow", "command": "/x"}, 400),
        ("command", {"channel": "DBOB", "user": "alice", "command": "/x"}, 404),
        ("command", {"channel": 5, "user": "alice", "command": "/x"}, 400),
        ("command", {"channel": "general", "user": "alice", "command": "/x", "text": 5}, 400),
        ("action", {"channel": "general", "user": "alice", "ts": "1.1", "action_id": "x"}, 404),
        ("faults", {"nonsense": 1}, 400),
        ("faults", {"rate_limit": {"*": "many"}}, 400),
        ("faults", {"rate_limit": 3}, 400),
        ("faults", {"late_events": "soon"}, 400),
        ("faults", {"refuse_streaming": "yes"}, 400),
    ],
)
async def test_a_request_that_makes_no_sense_is_answered_with_a_sentence(
    local: Local, path: str, body: Json, status: int
) -> None:
    answer = await local(path, body)
    assert answer["status"] == status
    assert answer["ok"] is False
    assert answer["error"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
    ],
)
async def test_local_routes_take_json_objects_only(
    workspace: Workspace, http: aiohttp.ClientSession, body: bytes, kind: str, status: int
) -> None:
    for path in ("command", "action", "faults"):
        address = f"{workspace.url}/local/{path}"
        headers = cookie_of(workspace) | {"Content-Type": kind}
        async with http.post(address, data=body, headers=headers) as response:
            assert response.status == status
            assert (await response.json())["ok"] is False
