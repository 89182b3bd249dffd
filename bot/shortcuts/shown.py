"""How the complete answer of a shortcut looks: in its form, and as a direct message."""

from collections.abc import Sequence
from typing import Any

from bot.i18n.lookup import Language
from bot.questions import answer
from bot.shortcuts.sharing import sharing_of
from bot.shortcuts.views import answer_form, body_of, private, sharing
from bot.shortcuts.wanted import Wanted
from bot.slack.blocks import Post, section
from bot.slack.outgoing_text import quoted_question
from tasks.adapters.reference import adapter_name
from tasks.asking.subjects import Subject
from tasks.broker.job import Event, Job
from tasks.broker.jobs import Jobs


def complete_form(
    jobs: Jobs, job: Job, subject: Subject | None, text: str, final: Event, language: Language
) -> dict[str, Any]:
    """Return the form with the whole answer and, where there is one, what shares it.

    Raises:
        RedisError: the broker is away.
    """
    posts = answer.ended(text, final.type, _data(job, final), language, tables=False)
    body = body_of(posts)
    if _is_answer(text, final):
        state = sharing_of(jobs, job)
        body.append(sharing(job.id, state, language))
        if state == "offered":
            body.append(private(language))
    return answer_form(job.id, Wanted.of(job), subject, body, language, complete=True)


def complete_posts(
    job: Job, subject: Subject | None, text: str, final: Event, language: Language
) -> list[Post]:
    """Return the messages with the whole answer, below what it is about."""
    posts = answer.ended(text, final.type, _data(job, final), language)
    if _is_answer(text, final):
        offer = sharing(job.id, "offered", language)
        posts = [*posts[:-1], Post(posts[-1].text, (*posts[-1].blocks, offer))]
    if subject and subject.text:
        quote = quoted_question(subject.text)
        first = Post(f"{quote}\n{posts[0].text}", (section(quote), *posts[0].blocks))
        posts = [first, *posts[1:]]
    return posts


def shared_posts(
    job: Job, text: str, final: Event, heading: str, language: Language
) -> Sequence[Post]:
    """Return the messages of an answer that its asker shares, under the line that says so."""
    posts = answer.ended(text, final.type, _data(job, final), language)
    return [answer.headed(posts[0], heading), *posts[1:]]


def _is_answer(text: str, final: Event) -> bool:
    return final.type == "finished" and bool(text.strip())


def _data(job: Job, final: Event) -> dict[str, Any]:
    """Return the data of the final event, with the adapter's name as people know it."""
    data = dict(final.data)
    if data.get("reason") in ("adapter", "adapter_model"):
        data["name"] = adapter_name(job.adapter)
    if data.get("adapter"):
        data["adapter"] = adapter_name(str(data["adapter"]))
    return data
