"""Claims against a real Valkey."""

from redis import Redis

from tasks.broker.jobs import RELAY, Jobs
from tasks.broker.relay_claims import GROUP, MAX_DELIVERIES, Claims


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

    claimed = [claim.job for claim in [*first.new(), *second.new()]]

    assert sorted(claimed) == ["a", "b"]
    assert first.new() == second.new() == []


def test_a_relay_that_comes_back_under_its_name_goes_on_with_its_own(jobs: Jobs) -> None:
    store(jobs, "a")
    claims = relay(jobs, "one").new()

    assert relay(jobs, "one").own() == claims
    assert relay(jobs, "two").own() == []


def test_an_abandoned_claim_is_taken_over_and_the_old_relay_learns_it(
    jobs: Jobs, redis: Redis
) -> None:
    store(jobs, "a")
    old, new = relay(jobs, "old"), relay(jobs, "new")
    (claim,) = old.new()
    assert new.abandoned() == []

    idle(redis, "old", claim.entry, 31_000)

    assert new.abandoned() == [claim]
    assert not old.keep(claim)
    assert new.keep(claim)


def test_a_renewed_claim_is_not_taken_over(jobs: Jobs, redis: Redis) -> None:
    store(jobs, "a")
    old, new = relay(jobs, "old"), relay(jobs, "new")
    (claim,) = old.new()
    idle(redis, "old", claim.entry, 31_000)

    assert old.keep(claim)

    assert new.abandoned() == []


def test_what_is_done_is_forgotten(jobs: Jobs, redis: Redis) -> None:
    store(jobs, "a")
    claims = relay(jobs, "one")
    (claim,) = claims.new()

    claims.done(claim)

    assert claims.own() == []
    assert not claims.keep(claim)
    assert redis.xlen(RELAY) == 0


def test_a_claim_that_fails_again_and_again_ends_its_job_as_failed(
    jobs: Jobs, redis: Redis
) -> None:
    store(jobs, "a")
    claims = relay(jobs, "one")
    (claim,) = claims.new()
    redis.xclaim(RELAY, GROUP, "one", 0, [claim.entry], retrycount=MAX_DELIVERIES + 1)

    assert claims.abandoned() == []

    assert jobs.events("a")[-1].data == {"reason": "internal"}
    assert claims.own() == []
