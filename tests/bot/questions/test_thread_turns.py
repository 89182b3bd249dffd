"""The thread before a question, read from a real local workspace."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.questions import answer
from bot.questions.thread_turns import MAX_BYTES, thread_before
from bot.workspace.workspace import Workspace


def client(workspace: Workspace, token: str = "") -> AsyncWebClient:
    """A client of the workspace."""
    return AsyncWebClient(token=token or workspace.tokens.bot, base_url=workspace.api_url)


async def said(workspace: Workspace, text: str, thread: str | None = None) -> str:
    """Let Alice speak."""
    alice = client(workspace, workspace.tokens.of("UALICE"))
    answer = await alice.chat_postMessage(channel="CGENERAL", text=text, thread_ts=thread)
    return str(answer["ts"])


async def answered(workspace: Workspace, thread: str, text: str, state: str) -> None:
    """Let the bot post as the relay does."""
    payload = {"job": "j", "part": 0, "state": state, "asker": "UALICE"}
    await client(workspace).chat_postMessage(
        channel="CGENERAL",
        text=text,
        thread_ts=thread,
        metadata={"event_type": "swallow_job", "event_payload": payload},
    )


def destination(thread: str, ts: str) -> dict[str, str]:
    """Where a question was asked."""
    return {"channel": "CGENERAL", "thread_ts": thread, "ts": ts}


async def test_the_thread_is_read_up_to_the_question_with_roles(workspace: Workspace) -> None:
    root = await said(workspace, "<@UBOT> think=off My name is &lt;Taro&gt;")
    await answered(workspace, root, "Hello &lt;Taro&gt;", "finished")
    await answered(workspace, root, "Something went wrong", "failed")
    (limit,) = answer.ended("", "finished", {"finish": "deadline", "thought_tokens": 9}, "ja")
    await answered(workspace, root, limit.text, "finished")
    await answered(workspace, root, "Stopped.", "cancelled")
    ts = await said(workspace, "What is my name?", root)
    await said(workspace, "later", root)

    turns = (await thread_before(client(workspace), destination(root, ts), "UBOT")).turns

    assert turns == [
        {"role": "user", "text": "My name is <Taro>", "user": "UALICE"},
        {"role": "assistant", "text": "Hello <Taro>", "user": "UALICE"},
    ]


async def test_a_question_outside_a_thread_has_no_thread(workspace: Workspace) -> None:
    ts = await said(workspace, "<@UBOT> hi")

    assert (await thread_before(client(workspace), destination(ts, ts), "UBOT")).turns == []


async def test_of_a_huge_thread_the_newest_messages_are_kept(workspace: Workspace) -> None:
    root = await said(workspace, "root")
    for number in range(30):
        await said(workspace, f"{number} " + "あ" * 1000, root)
    ts = await said(workspace, "question", root)

    turns = (await thread_before(client(workspace), destination(root, ts), "UBOT")).turns

    assert turns[-1]["text"].startswith("29 ")
    assert sum(len(turn["text"].encode()) for turn in turns) <= MAX_BYTES
    assert len(turns) < 30


async def test_a_thread_that_cannot_be_read_costs_its_context_only(workspace: Workspace) -> None:
    thread = await thread_before(
        client(workspace), {"channel": "CNONE", "thread_ts": "1.0", "ts": "2.0"}, "UBOT"
    )

    assert thread.turns == []
    assert not thread.of_people
