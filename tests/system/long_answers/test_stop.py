"""An answer in the making is stopped, by who asked or from the terminal."""

import time

from tests.system.workspace import System, Workspace, footer_of, state_of


def test_a_stopped_answer_ends_early_and_says_so(system: System, workspace: Workspace) -> None:
    ts = workspace.say("<@UBOT> Write a very long story about the sea.")
    workspace.wait_for_text(ts)
    (message,) = workspace.bot_messages(ts)
    job = message["metadata"]["event_payload"]["job"]
    channel = workspace.channel("general")
    press = {"channel": channel, "ts": message["ts"], "action_id": "stop_answer", "value": job}

    workspace.local("action", user="UBOB", **press)
    time.sleep(0.3)
    assert state_of(workspace.bot_messages(ts)[0]) == "running", "only who asked may stop"
    workspace.local("action", user="UALICE", **press)
    (final,) = workspace.answers(ts)

    ended = system.jobs.events(job)[-1]
    assert ended.data["tokens"] < 150, "it was written to its end"
    assert state_of(final) == "cancelled"
    assert "stopped" in footer_of(final)


def test_a_question_can_be_cancelled_from_the_terminal(
    system: System, workspace: Workspace
) -> None:
    ts = workspace.say("<@UBOT> Write a very long story about mountains.")
    workspace.wait_for_text(ts)
    job = workspace.bot_messages(ts)[0]["metadata"]["event_payload"]["job"]

    done = system.command("jobs", "cancel", job)

    assert done.stdout == f"Job {job} is told to stop.\n"
    assert state_of(workspace.answers(ts)[0]) == "cancelled"
