"""Claims against a real Valkey."""

from typing import Any

import pytest
from redis import Redis

from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import (
    GROUP,
    RELAY,
    Claims,
    no_access,
    record_no_access,
    unanswered,
)
from tests.tasks.broker.links.lossy_proxy import LossyProxy


def store(jobs: Jobs, *ids: str) -> None:
    """Store questions."""
    for id in ids:
        jobs.create(id, "answer", destination={}, asked={"text": ""})


def relay(jobs: Jobs, name: str) -> Claims:
    """A relay's claims."""
    claims = Claims(jobs, name)
    claims.prepare()
    return claims


def idle(redis: Redis, name: str, entry: str, milliseconds: int) -> None:
    """Let a claim look as if it had not been renewed for a while."""
    redis.xclaim(RELAY, GROUP, name, min_idle_time=0, message_ids=[entry], idle=milliseconds)


def test_each_job_is_claimed_by_one_relay_even_those_from_before_the_first(jobs: Jobs) -> None:
    store(jobs, "a", "b")
    first, second = relay(jobs, "one"), relay(jobs, "two")

    claimed = [claim.job for claim in [*first.claim_new(), *second.claim_new()]]

    assert sorted(claimed) == ["a", "b"]
    assert first.claim_new() == second.claim_new() == []


def test_a_relay_that_comes_back_under_its_name_goes_on_with_its_own(jobs: Jobs) -> None:
    store(jobs, "a")
    claims = relay(jobs, "one").claim_new()

    assert relay(jobs, "one").pending() == claims
    assert relay(jobs, "two").pending() == []


def test_an_abandoned_claim_is_taken_over_and_the_old_relay_learns_it(
    jobs: Jobs, redis: Redis
) -> None:
    store(jobs, "a")
    old, new = relay(jobs, "old"), relay(jobs, "new")
    (claim,) = old.claim_new()
    assert new.take_over_expired() == []

    idle(redis, "old", claim.entry, 31_000)

    assert new.take_over_expired() == [claim]
    assert old.renew([claim]) == [claim]
    assert new.renew([claim]) == []


def test_any_number_of_claims_is_renewed_by_one_call(jobs: Jobs, redis: Redis) -> None:
    ids = [f"job{number}" for number in range(100)]
    jobs.queue_limit = len(ids)
    store(jobs, *ids)
    old, new = relay(jobs, "old"), relay(jobs, "new")
    claims = old.claim_new()
    for claim in claims:
        idle(redis, "old", claim.entry, 31_000)
    redis.xclaim(RELAY, GROUP, "new", 0, [claims[7].entry])
    redis.config_resetstat()

    assert old.renew(claims) == [claims[7]]

    statistics: Any = redis.info("commandstats")
    calls = [statistics.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha")]
    assert sum(calls) <= 2, "one, and one more where the server did not know the script"
    assert new.take_over_expired() == []


def test_a_renewed_claim_is_not_taken_over(jobs: Jobs, redis: Redis) -> None:
    store(jobs, "a")
    old, new = relay(jobs, "old"), relay(jobs, "new")
    (claim,) = old.claim_new()
    idle(redis, "old", claim.entry, 31_000)

    assert old.renew([claim]) == []

    assert new.take_over_expired() == []


def test_a_job_that_ended_does_not_expire_while_its_claim_is_renewed(
    jobs: Jobs, redis: Redis
) -> None:
    store(jobs, "a", "open")
    claims = relay(jobs, "one")
    ended, still_open = claims.claim_new()
    jobs.end_unstarted("a", "failed", {})
    for key in ("swallow:job:a", "swallow:events:a"):
        redis.pexpire(key, 30_000)

    assert claims.renew([ended, still_open]) == []

    for key in ("swallow:job:a", "swallow:events:a"):
        assert int(str(redis.pttl(key))) > 30_000
    assert redis.pttl("swallow:job:open") == -1


def test_why_a_bot_is_refused_is_known_to_others_for_a_while(jobs: Jobs, redis: Redis) -> None:
    store(jobs, "a")
    assert no_access(redis) == ""

    record_no_access(redis, "token_revoked")

    assert no_access(redis) == "token_revoked"
    assert unanswered(redis) == 1
    assert int(str(redis.pttl("swallow:relay:no_access"))) > 0


def test_what_is_done_is_forgotten(jobs: Jobs, redis: Redis) -> None:
    store(jobs, "a")
    claims = relay(jobs, "one")
    (claim,) = claims.claim_new()

    claims.complete(claim)

    assert claims.pending() == []
    assert claims.renew([claim]) == [claim]
    assert redis.xlen(RELAY) == 0


def test_deliveries_are_counted_since_the_last_renewal_for_who_has_the_claim(jobs: Jobs) -> None:
    store(jobs, "a")
    claims = relay(jobs, "one")
    (claim,) = claims.claim_new()
    assert claims.deliveries(claim) == 1
    claims.pending()
    assert claims.deliveries(claim) == 2

    assert claims.renew([claim]) == []

    assert claims.deliveries(claim) == 0
    assert relay(jobs, "two").deliveries(claim) is None


@pytest.fixture
def distant(distant_redis: Redis) -> Claims:
    """The claims of a relay that reaches the same database through the proxy."""
    return relay(Jobs(distant_redis, keep_ms=60_000, queue_limit=5), "distant")


def test_a_claim_whose_reply_was_lost_is_there_at_once(
    jobs: Jobs, distant: Claims, proxy: LossyProxy
) -> None:
    store(jobs, "a")
    proxy.lose = 1

    assert [claim.job for claim in distant.claim_new()] == ["a"]
    assert proxy.lost == 1


def test_a_taken_over_claim_whose_reply_was_lost_is_there_at_once(
    jobs: Jobs,
    redis: Redis,
    distant: Claims,
    proxy: LossyProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store(jobs, "a")
    (claim,) = relay(jobs, "old").claim_new()
    idle(redis, "old", claim.entry, 31_000)
    run_script = distant.jobs.run_script

    def lose_what_is_taken_over(script: str, *arguments: Any) -> Any:
        proxy.lose = int(script == "take_over")
        return run_script(script, *arguments)

    monkeypatch.setattr(distant.jobs, "run_script", lose_what_is_taken_over)

    assert distant.take_over_expired() == [claim]
    assert proxy.lost == 1


def test_an_abandoned_claim_is_found_behind_any_number_of_others(jobs: Jobs, redis: Redis) -> None:
    old, new = relay(jobs, "old"), relay(jobs, "new")
    entries = [str(redis.xadd(RELAY, {"job": f"job{number}"})) for number in range(700)]
    assert len(old.claim_new()) == 700
    assert [claim.entry for claim in relay(jobs, "old").pending()] == entries

    idle(redis, "old", entries[-1], 31_000)

    assert [claim.job for claim in new.take_over_expired()] == ["job699"]
