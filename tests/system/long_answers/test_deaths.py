"""Every question ends in exactly one final answer, whichever process is killed meanwhile."""

import psutil
import pytest

from tests.patience import until
from tests.system.workspace import System, Workspace, state_of

LONG = "<@UBOT> Write a very long story about a {}."


def test_a_killed_bot_completes_the_same_message(system: System, workspace: Workspace) -> None:
    ts = workspace.say(LONG.format("bot"))
    workspace.wait_for_text(ts)
    begun = workspace.bot_messages(ts)

    system.kill("bot")

    (message,) = workspace.answers(ts)
    assert message["ts"] == begun[0]["ts"]
    assert message["text"].startswith(begun[0]["text"][:20])
    assert len(workspace.bot_messages(ts)) == 1


def test_a_killed_worker_is_replaced_and_the_answer_comes_once(
    system: System, workspace: Workspace
) -> None:
    ts = workspace.say(LONG.format("worker"))
    workspace.wait_for_text(ts)

    system.kill("worker")

    (message,) = workspace.answers(ts)
    assert state_of(message) == "finished"
    assert len(workspace.bot_messages(ts)) == 1
    job = message["metadata"]["event_payload"]["job"]
    assert '"attempt": 2' in system.command("jobs", "show", job, "--json").stdout


def test_a_killed_generating_process_is_replaced_and_the_answer_starts_over(
    system: System, workspace: Workspace
) -> None:
    if system.one_at_a_time:
        pytest.skip("the transformers engine generates in the worker itself")
    ts = workspace.say(LONG.format("generator"))
    workspace.wait_for_text(ts)

    children = psutil.Process(system.pid_of("worker")).children()
    (generator,) = [child for child in children if "generator_process" in str(child.cmdline())]
    generator.kill()

    (message,) = workspace.answers(ts)
    assert state_of(message) == "finished"
    assert len(workspace.bot_messages(ts)) == 1
    job = system.jobs.get(message["metadata"]["event_payload"]["job"])
    assert job is not None
    assert (job.attempt, job.lost) == (2, 1)


def test_a_killed_broker_loses_nothing(system: System, workspace: Workspace) -> None:
    running = workspace.say(LONG.format("broker"))
    workspace.wait_for_text(running)
    waiting = workspace.say("<@UBOT> What is the capital of France?", user="UBOB")
    # The openvino engine answers several questions at once: there the second one does not wait.
    until(lambda: _is_queued(system) or bool(workspace.bot_messages(waiting)))

    system.kill("broker")

    assert len(workspace.answers(running)) == 1
    assert "Paris" in workspace.answer(waiting)


def _is_queued(system: System) -> bool:
    return any(job.state == "queued" for job in system.jobs.open("answer"))


def test_a_killed_workspace_comes_back_with_its_messages(
    system: System, workspace: Workspace
) -> None:
    ts = workspace.say(LONG.format("workspace"))
    workspace.wait_for_text(ts)

    before = workspace.bearer()
    system.kill("workspace")

    assert workspace.bearer() == before
    until(lambda: _answers_again(workspace))
    assert len(workspace.answers(ts)) == 1
    assert len(workspace.bot_messages(ts)) == 1


def _answers_again(workspace: Workspace) -> bool:
    try:
        workspace.api("auth.test")
    except OSError:
        return False
    return True


def test_slack_that_refuses_for_a_while_gets_the_answer_all_the_same(workspace: Workspace) -> None:
    workspace.local(
        "faults",
        rate_limit={"chat.postMessage": 1, "chat.update": 2},
        errors={"chat.update": 1},
        lose_response={"chat.postMessage": 1},
    )
    ts = workspace.say("<@UBOT> Write a long poem about rain.")

    assert len(workspace.answers(ts)) == 1
    assert len(workspace.bot_messages(ts)) == 1


def test_a_message_that_was_deleted_is_posted_anew(workspace: Workspace) -> None:
    ts = workspace.say(LONG.format("deletion"))
    workspace.wait_for_text(ts)
    first = workspace.bot_messages(ts)[0]["ts"]

    workspace.api("chat.delete", channel=workspace.channel("general"), ts=first)

    (message,) = workspace.answers(ts)
    assert message["ts"] != first
