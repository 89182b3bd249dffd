"""How a training that has ended looks in Slack. Pure: nothing is posted here."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.evaluation_text import conclusion, figures
from bot.i18n import units
from bot.i18n.lookup import Language, say
from bot.slack.blocks import Post, button, mrkdwn, section
from bot.slack.outgoing_text import is_user_id, quoted_question, shortened, shown_answer
from bot.trainings.failure import failure
from trainer.exam.result import overall_verdict

USE_ACTION = "use_adapter"

_MOST_QUESTIONS = 12
_TEXT_CHARACTERS = 3000


def final_card(type: str, data: Mapping[str, Any], output: str, language: Language) -> Post:
    """Return the final state of a training's message; a finished one has a button to use it."""
    title = say(f"training.title.{type}", language, output=f"*{shortened(output, 100)}*")
    lines = [title, *summary(type, data, language)]
    body = "\n".join(lines)
    if type != "finished":
        return Post(body, (section(body),))
    style = "" if overall_verdict(data) == "worse" else "primary"
    use = button(USE_ACTION, output, say("button.use", language), style=style)
    return Post(body, (section(body), {"type": "actions", "block_id": "use", "elements": [use]}))


def summary(type: str, data: Mapping[str, Any], language: Language) -> list[str]:
    """Return how the training ended, in words and figures, and how it can be resumed."""
    if type == "finished":
        took = units.duration(data.get("seconds") or 0, language)
        return [
            *conclusion(data, language),
            *figures(data.get("evaluation") or {}, language),
            say("training.took", language, duration=took),
        ]
    if type == "failed":
        return [failure(data, language), *_how_to_resume(data, language)]
    by = data.get("by")
    # A cancellation at the terminal has the login's name, which is no user id of Slack.
    key = "training.cancelled_by" if is_user_id(str(by or "")) else "training.cancelled"
    return [say(key, language, user=by), *_how_to_resume(data, language)]


def side_by_side(answers: Sequence[Mapping[str, Any]], output: str, language: Language) -> Post:
    """Return the answers of the base model and of the adapter to the fixed questions."""
    title = say("sides.title", language)
    blocks: list[dict[str, Any]] = [section(f"*{title}*")]
    texts = [title]
    name, nothing = shortened(output, 100), say("sides.nothing", language)
    for row in answers[:_MOST_QUESTIONS]:
        question = quoted_question(row["instruction"], row.get("input") or "")
        base = say("sides.base", language, answer=shown_answer(row["base"], nothing))
        adapter = say(
            "sides.adapter", language, name=name, answer=shown_answer(row["adapter"], nothing)
        )
        fields = [mrkdwn(base), mrkdwn(adapter)]
        blocks.append({**section(question), "fields": fields})
        texts += [question, base, adapter]
    return Post("\n".join(texts)[:_TEXT_CHARACTERS], tuple(blocks))


def _how_to_resume(data: Mapping[str, Any], language: Language) -> list[str]:
    training, step = data.get("training"), data.get("checkpoint_step")
    if not training:
        return []
    if step is None:
        return [say("training.no_checkpoint", language)]
    return [
        say(
            "training.resume_with",
            language,
            step=units.count(step),
            training=shortened(str(training), 80),
        )
    ]
