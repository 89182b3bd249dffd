"""Whether a host is busy does not depend on what its containers are called."""

import socket
import sys

import pytest
from redis import Redis

from tasks.broker.host_busy import is_busy, mark_busy


@pytest.mark.skipif(sys.platform != "linux", reason="names the running kernel, which Linux does")
def test_a_training_makes_room_for_a_question_in_another_container(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "container-of-the-worker")
    mark_busy(redis)
    monkeypatch.setattr(socket, "gethostname", lambda: "container-of-the-trainer")

    assert is_busy(redis)
