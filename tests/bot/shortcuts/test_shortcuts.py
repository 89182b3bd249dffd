"""What the shortcuts ask and show: summaries, translations, answers, and what is shared."""

import pytest

from bot.workspace.state.people import PEOPLE
from tests.bot.claims import delivered
from tests.bot.conftest import Serve
from tests.bot.shortcuts.conftest import FACTS, Reader


async def test_a_summary_grows_in_a_form_that_only_its_person_sees(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        ts = await reader.say("The server is down since ten. <!channel>")
        await reader.use("summarise", ts)
        first = await reader.form("swallow is")
        job = await reader.question()
        attempt = reader.begin(job, "Machine")
        growing = await reader.form("Machine")
        reader.jobs.append(job.id, attempt, "text", {"text": " broken. <!here>"})
        reader.jobs.finish(job.id, attempt, "finished", FACTS)
        complete = await reader.form("Share in the thread")

        assert await reader.replies(ts) == []
        assert await reader.direct() == []

    assert job.request["material"] == [
        {"user": "UBOB", "speaker": "", "text": "The server is down since ten. @channel"}
    ]
    assert "Summarise" in job.request["instruction"]
    assert first["id"] == growing["id"] == complete["id"]
    assert "Stop" in str(growing["blocks"])
    assert "Stop" not in str(complete["blocks"])
    assert "&lt;!here&gt;" in str(complete["blocks"])
    assert "Base-7b" in str(complete["blocks"])
    assert (await reader.look("view", "UBOB"))["view"] is None


async def test_a_thread_is_summarised_with_its_speakers_or_its_first_message_alone(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        ts = await reader.say("Where do we meet?")
        await reader.say("In room five.", "UADMIN", thread_ts=ts)
        await reader.use("summarise", ts)
        whole = await reader.question()
        form = await reader.form()
        await reader.choose(form, "message")
        await reader.revised(whole)
        await reader.choose(form, "message")  # chosen already: nothing changes
        alone = await reader.answered("A question.")
        await reader.form("A question.")

    names = [PEOPLE["UBOB"].name, PEOPLE["UADMIN"].name]
    assert [said["speaker"] for said in whole.request["material"]] == names
    assert whole.id == alone.id
    assert [said["text"] for said in alone.request["material"]] == ["Where do we meet?"]


async def test_a_text_is_translated_into_ones_own_language_and_then_into_the_other(
    serve: Serve, reader: Reader
) -> None:
    reader.workspace.locales["UALICE"] = "ja-JP"
    async with serve():
        await reader.use("translate", await reader.say("Good morning."))
        into_own = await reader.question()
        form = await reader.form("日本語に")
        attempt = reader.begin(into_own, "おはよう")
        await reader.form("おはよう")
        await reader.choose(form, "en")
        await reader.revised(into_own)
        assert not reader.jobs.finish(into_own.id, attempt, "finished", FACTS)
        into_other = await reader.answered("Morning.")
        await reader.form("Morning.")
        await reader.use("translate", await reader.say("おはようございます。"))
        other = await reader.question()

    assert "日本語に翻訳" in into_own.request["instruction"]
    assert "into English" in into_other.request["instruction"]
    assert "into English" in other.request["instruction"]
    assert form["title"]["text"] == "翻訳"


async def test_a_question_about_a_message_is_written_in_the_form_that_answers_it(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        ts = await reader.say("The budget is 30 million yen.")
        await reader.use("ask_about", ts)
        form = await reader.form("30 million")
        values = {"question": {"question": {"type": "plain_text_input", "value": "  "}}}
        refused = await reader.act(form, "submit", values=values)
        values["question"]["question"]["value"] = "How much is it?"
        taken = await reader.act(form, "submit", values=values)
        job = await reader.answered("30 million.")
        await reader.form("Share in the thread")

        assert await reader.replies(ts) == []

    assert refused["errors"]["question"]
    assert taken["view"]["id"] == form["id"]
    assert job.request["instruction"] == "How much is it?"
    assert [said["text"] for said in job.request["material"]] == ["The budget is 30 million yen."]


async def test_a_reply_is_asked_about_with_its_thread_where_that_is_chosen(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        root = await reader.say("Who comes?")
        ts = await reader.say("I do.", "UADMIN", thread_ts=root)
        await reader.use("ask_about", ts)
        form = await reader.form("I do.")
        values = {
            "question": {"question": {"type": "plain_text_input", "value": "Who?"}},
            "scope": {"scope": {"type": "static_select", "selected_option": {"value": "thread"}}},
        }
        await reader.act(form, "submit", values=values)
        job = await reader.question()

    assert [said["text"] for said in job.request["material"]] == ["Who comes?", "I do."]


async def test_an_answer_is_shared_once_under_the_name_of_who_asked(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        ts = await reader.say("The server is down.")
        await reader.use("summarise", ts)
        job = await reader.answered("It broke. <!channel> <https://evil.example|ok>")
        form = await reader.form("Share in the thread")
        for _ in range(2):
            await reader.act(form, "press", action_id="share_answer", value=job.id)
        shared = await reader.sees_reply(ts, "It broke.")
        shown = await reader.form("Shared in the thread.")
        await reader.act(form, "press", action_id="stop_answer", value=job.id)
        # What is said in the thread now is no question: the bot takes no part in it.
        await reader.say("Thanks!", thread_ts=ts)

        replies = [reply for reply in await reader.replies(ts) if reply["user"] == "UBOT"]
        await delivered(reader.jobs)
        settled = await reader.form()

    assert len(replies) == 1
    assert PEOPLE["UALICE"].name in shared["text"]
    assert "&lt;!channel&gt; &lt;https://evil.example|ok&gt;" in shared["text"]
    assert "<@" not in shared["text"]
    for view in (shown, settled):
        assert "share_answer" not in str(view["blocks"])
    assert reader.jobs.open("answer") == []


async def test_what_cannot_be_shared_is_told_and_may_be_shared_later(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        ts = await reader.say("The server is down.")
        await reader.use("summarise", ts)
        job = await reader.answered("It is down.")
        form = await reader.form("Share in the thread")
        reader.workspace.faults.set({"archived": ["CGENERAL"]})
        await reader.act(form, "press", action_id="share_answer", value=job.id)
        await reader.direct_message("/invite")
        reader.workspace.faults.set({"archived": []})
        await reader.act(form, "press", action_id="share_answer", value=job.id)
        await reader.sees_reply(ts, "It is down.")


@pytest.mark.parametrize("shortcut", ["summarise", "ask_about"])
async def test_a_message_without_words_is_refused_privately(
    serve: Serve, reader: Reader, shortcut: str
) -> None:
    async with serve():
        await reader.use(shortcut, await reader.say("<@UBOT>"))

        assert await reader.told("no words", "UALICE")


async def test_who_may_not_ask_is_told_so_in_the_form(serve: Serve, reader: Reader) -> None:
    async with serve(people="UBOB"):
        ts = await reader.say("The server is down.")
        await reader.use("summarise", ts)
        await reader.form("Only certain people")

        assert await reader.replies(ts) == []
