"""Rows are proposed, approved and removed; on a real Valkey."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tasks.broker.connection import AWAY
from tasks.feedback.store import PAGE, Feedback
from tests.tasks.broker.links.lossy_proxy import lossy
from tests.tasks.feedback.rows import proposed


@pytest.fixture
def feedback(redis: Redis) -> Feedback:
    return Feedback(redis)


def ids(feedback: Feedback, **chosen: str) -> list[str]:
    return [row.id for row in feedback.rows(**chosen)]  # type: ignore[arg-type]


def test_a_row_is_proposed_and_can_be_read(feedback: Feedback) -> None:
    assert feedback.propose(proposed(rejected="That.", channel="C1", job="j", others=("UBOB",)))

    row = feedback.get("a")
    assert row
    assert row.created > 0
    assert row == proposed(
        rejected="That.", channel="C1", job="j", others=("UBOB",), created=row.created
    )
    assert feedback.get("b") is None
    assert not feedback.training_rows() + feedback.exam_rows()


def test_a_second_proposal_replaces_the_first_and_never_makes_two(feedback: Feedback) -> None:
    feedback.propose(proposed(rejected="That."))
    first = feedback.get("a")
    feedback.propose(proposed("b"))

    assert feedback.propose(proposed(output="Better."))

    row = feedback.get("a")
    assert row
    assert first
    assert (row.output, row.rejected, row.created) == ("Better.", "", first.created)
    assert ids(feedback) == ["a", "b"]


def test_the_last_of_several_presses_counts_whichever_bot_is_first(feedback: Feedback) -> None:
    assert feedback.unlike("a", "2.0") == "kept"
    assert feedback.like(proposed(), "1.0") == "overtaken"
    assert feedback.rows() == []
    assert feedback.like(proposed(), "4.0") == "proposed"
    assert feedback.unlike("a", "3.0") == "overtaken"
    assert feedback.like(proposed(), "4.0") == "overtaken"
    assert ids(feedback) == ["a"]
    assert feedback.unlike("a", "5.0") == "removed"
    assert feedback.is_removed("a")
    feedback.like(proposed(), "6.0")
    feedback.approve(["a"], "UADMIN")
    assert feedback.like(proposed(), "7.0") == "kept"
    assert feedback.unlike("a", "8.0") == "kept"


def test_a_form_submitted_twice_does_not_bring_a_removed_row_back(feedback: Feedback) -> None:
    feedback.propose(proposed(), call="form-1")
    feedback.remove(["a"])

    assert feedback.propose(proposed(), call="form-1")
    assert feedback.rows() == []
    assert feedback.propose(proposed(), call="form-2")
    assert ids(feedback) == ["a"]


def test_a_form_that_is_sent_again_with_other_texts_is_stored_with_those(
    feedback: Feedback,
) -> None:
    """Storing the first may have taken too long for Slack, although it came to its end."""
    feedback.propose(proposed(), call="form-1")

    assert feedback.propose(proposed(output="Better."), call="form-1")
    assert feedback.propose(proposed(), call="form-1")  # the first, delivered once more

    row = feedback.get("a")
    assert row
    assert row.output == "Better."


def test_rows_of_others_and_approved_rows_are_not_replaced(feedback: Feedback) -> None:
    feedback.propose(proposed())

    assert not feedback.propose(proposed(author="UBOB", output="Forged."))
    feedback.approve(["a"], "UADMIN")
    assert not feedback.propose(proposed(output="Too late."))

    row = feedback.get("a")
    assert row
    assert (row.author, row.output, row.state) == ("UALICE", "This.", "approved")


def test_nobody_proposes_what_is_approved_already(feedback: Feedback) -> None:
    feedback.propose(proposed(state="approved", use="training", approver="UALICE", decided=1))

    row = feedback.get("a")
    assert row
    assert (row.state, row.use, row.approver, row.decided) == ("proposed", "", "", 0)


def test_rows_are_approved_once_each(feedback: Feedback) -> None:
    for id in ("a", "b", "c"):
        feedback.propose(proposed(id, kind="liked" if id == "c" else "taught"))

    assert feedback.approve(["a", "a", "nowhere"], "UADMIN") == ["a"]
    assert feedback.approve(["a", "b", "c"], "UOTHER") == ["b", "c"]

    row = feedback.get("a")
    assert row
    assert (row.approver, row.use) == ("UADMIN", "training")
    assert row.decided >= row.created
    assert [row.id for row in feedback.training_rows()] == ["a", "b"]
    assert [row.id for row in feedback.exam_rows()] == ["c"]


def test_a_row_is_decided_about_as_it_was_seen(feedback: Feedback) -> None:
    seen = proposed().seen
    feedback.propose(proposed(output="Written anew."))
    feedback.propose(proposed("b"))

    assert feedback.approve([seen, proposed("b").seen], "UADMIN") == ["b"]
    assert feedback.refuse([seen]) == []
    row = feedback.get("a")
    assert row
    assert row.state == "proposed"
    assert feedback.refuse([row.seen, proposed("b").seen]) == ["a"]


def test_two_admins_at_once_approve_each_row_once(feedback: Feedback) -> None:
    names = [f"r{number}" for number in range(20)]
    for id in names:
        feedback.propose(proposed(id))

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda admin: feedback.approve(names, admin), "ABCD"))

    assert sorted(id for approved in done for id in approved) == sorted(names)


def test_a_question_keeps_the_use_it_had_first(feedback: Feedback) -> None:
    same = {"instruction": "Who  ARE you?"}
    feedback.propose(proposed("learned"))
    feedback.propose(proposed("examined", **same))
    feedback.approve(["learned"], "UADMIN")
    feedback.approve(["examined"], "UADMIN", exam=True)

    feedback.propose(proposed("liked", kind="liked", instruction="what is LEARNED?"))
    feedback.propose(proposed("later", instruction="who are you?"))
    feedback.approve(["liked", "later"], "UADMIN")

    assert [row.id for row in feedback.training_rows()] == ["learned", "liked"]
    assert [row.id for row in feedback.exam_rows()] == ["examined", "later"]


def test_what_may_have_been_learned_is_never_examined_but_the_reverse_may_be(
    feedback: Feedback,
) -> None:
    for exam in (False, True):
        for id in ("a", "b"):
            feedback.propose(proposed(f"{id}-{exam}", instruction=f"Question {exam}"))
        feedback.approve([f"a-{exam}", f"b-{exam}"], "UADMIN", exam=exam)

    feedback.remove(["a-False", "b-False", "a-True"])
    feedback.propose(proposed("c-False", instruction="Question False"))
    feedback.propose(proposed("c-True", instruction="Question True"))
    feedback.approve(["c-False"], "UADMIN", exam=True)
    feedback.approve(["c-True"], "UADMIN")
    assert [row.id for row in feedback.training_rows()] == ["c-False"]
    assert [row.id for row in feedback.exam_rows()] == ["b-True", "c-True"]

    feedback.remove(["b-True", "c-True"])
    feedback.propose(proposed("d-True", instruction="Question True"))
    feedback.approve(["d-True"], "UADMIN")
    assert ids(feedback, use="training") == ["c-False", "d-True"]


def test_rows_are_removed_once(feedback: Feedback) -> None:
    feedback.propose(proposed("a"))
    feedback.propose(proposed("b"))

    assert feedback.remove(["a", "a", "nowhere"]) == ["a"]
    assert feedback.remove(["a"]) == []
    assert ids(feedback) == ["b"]


def test_a_person_is_removed_with_their_words_and_their_name(feedback: Feedback) -> None:
    feedback.propose(proposed("own"))
    feedback.propose(proposed("of-bob", author="UBOB", others=("UCAROL", "UALICE")))
    feedback.propose(proposed("approved", author="UBOB"))
    feedback.propose(proposed("like-a-name", author="UALICE2", others=("UALICE3",)))
    feedback.approve(["approved"], "UALICE")

    assert sorted(feedback.remove_person("UALICE")) == ["of-bob", "own"]

    row = feedback.get("approved")
    assert row
    assert (row.state, row.approver) == ("approved", "")
    assert ids(feedback) == ["approved", "like-a-name"]
    assert feedback.remove_person("UALICE") == []


def test_many_rows_are_read_and_changed_in_pages(feedback: Feedback) -> None:
    many = [f"r{number:03}" for number in range(PAGE + 5)]
    with feedback.redis.pipeline() as pipe:
        pipe.zadd("swallow:feedback", dict.fromkeys(many, 1.0))
        pipe.execute()
    feedback.propose(proposed(many[0]))
    feedback.propose(proposed(many[-1]))

    assert feedback.approve(many, "UADMIN") == [many[0], many[-1]]
    assert ids(feedback, state="approved", author="UALICE") == [many[0], many[-1]]


def test_a_lost_reply_does_not_lose_what_was_approved(valkey: str, feedback: Feedback) -> None:
    feedback.propose(proposed())
    with (
        lossy(valkey) as proxy,
        Redis.from_url(
            proxy.url, decode_responses=True, retry=Retry(NoBackoff(), 3), retry_on_error=list(AWAY)
        ) as distant,
    ):
        distant.ping()
        proxy.lose = 1

        assert Feedback(distant).approve(["a"], "UADMIN") == ["a"]
        assert proxy.lost
