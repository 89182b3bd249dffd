"""The register of workers, against a real Valkey."""

import json

from redis import Redis

from tasks.broker.workers import Worker, Workers


def test_a_worker_of_a_later_version_is_read_as_far_as_it_is_known(redis: Redis) -> None:
    """Hosts are upgraded one after the other."""
    workers, worker = Workers(redis), Worker("new", ("answers", "plans"), "ready", pid=1)
    workers.announce(worker)
    announced = json.loads(str(redis.get("swallow:worker:new")))
    redis.set("swallow:worker:new", json.dumps(announced | {"colour": "green"}))

    assert workers.all() == [worker]
