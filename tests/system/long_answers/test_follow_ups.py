"""An answer that the length ended goes on, and is given again, by the real model."""

from tests.system.workspace import System, Workspace, footer_of

QUESTION = "<@UBOT> max=12 Write a story about a swallow."


def test_a_cut_answer_goes_on_behind_its_tokens_and_is_given_again_once(
    system: System, workspace: Workspace
) -> None:
    ts = workspace.say(QUESTION)
    (first,) = workspace.answers(ts)
    job = first["metadata"]["event_payload"]["job"]
    press = {"channel": workspace.channel("general"), "ts": first["ts"], "value": job}

    for action in ("continue_answer", "ask_again"):
        for user in ("UBOB", "UALICE"):
            workspace.local("action", user=user, action_id=action, **press)
    answers = workspace.answers(ts, count=3)

    final = {
        answer["metadata"]["event_payload"].get("follows", ""): system.jobs.events(
            answer["metadata"]["event_payload"]["job"]
        )[-1].data
        for answer in answers
    }
    assert "length limit" in footer_of(first)
    assert set(final) == {"", "continue", "again"}
    assert len(final[""]["ids"]) == len(final["again"]["ids"]) == 12
    assert final["continue"]["ids"][:12] == final[""]["ids"]
    assert final["continue"]["tokens"] == 12
    assert len(workspace.bot_messages(ts)) == 3
