"""Everybody is told in the language of their Slack, whatever language their words have."""

from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Person, Serve, job_of
from tests.bot.questions.test_follower import ask


async def test_each_person_is_told_in_the_language_of_their_slack(
    serve: Serve, person: Person, jobs: Jobs, workspace: Workspace
) -> None:
    workspace.locales |= {"UADMIN": "ja-JP", "UALICE": "ja-JP", "UBOB": "en-GB"}
    async with serve():
        await person.command("/swallow-train epochs=0")
        await person.told("`epochs` の値が `0` になっていますが、1から1000まで")
        await person.command("/swallow-adapter remove 山", user="UBOB")
        await person.told("`remove` is `山`, but it must be a name", "UBOB")
        await person.command("/swallow-adapter remove gone", user="UBOB")
        await person.told("Only admins may do this.", "UBOB")

        await person.command("/swallow-train epochs=1")
        await person.told("学習の計画を立てています")
        plan = await job_of(jobs, "plan")
        attempt = jobs.claim(plan.id, "worker")
        assert attempt
        detail = "There is no model at 'x'; name a folder, a .gguf file, or a hub id like a/b."
        jobs.finish(plan.id, attempt, "failed", {"reason": "plan", "detail": detail})
        told = await person.told("計画を立てられませんでした。")

        # Nothing was said that has a language.
        ts = await ask(person, "")
        await person.sees_reply(ts, "質問を書いてメンションしてください。")
        await ask(person, ":bird:")
        assert (await job_of(jobs, "answer")).asked["language"] == "ja"

    reason = "'x' にモデルがありません。フォルダー、.gguf ファイル、または a/b のようなIDを"
    assert told == f"計画を立てられませんでした。{reason}指定してください。"
