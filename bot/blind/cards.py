"""How a blind comparison looks in Slack. Before its reveal nothing says whose an answer is."""

from typing import Any

from bot.i18n.lookup import Language, say
from bot.slack.blocks import Post, button, mrkdwn, section
from bot.slack.outgoing_text import quoted_question, shortened, shown_answer
from tasks.adapters.reference import adapter_name
from tasks.blind.comparison import CHOICES, BlindQuestion, Choice, Comparison, Tally
from tasks.blind.store import VOTERS

VOTE_ACTIONS: dict[str, Choice] = {
    "blind_vote_a": "A",
    "blind_vote_b": "B",
    "blind_vote_same": "same",
}
REVEAL_ACTION = "blind_reveal"


def opening(comparison: Comparison, language: Language) -> Post:
    """Return the first message: what is asked, and an admin's button to reveal."""
    values = {"name": _name(comparison), "questions": len(comparison.questions), "voters": VOTERS}
    if comparison.revealed:
        text = say("blind.revealed", language, **values)
        return Post(text, (section(text),))
    text = say("blind.opening", language, **values)
    reveal = button(REVEAL_ACTION, comparison.id, say("button.blind_reveal", language))
    actions = {"type": "actions", "block_id": "blind_reveal", "elements": [reveal]}
    return Post(text, (section(text), actions))


def question_card(comparison: Comparison, question: BlindQuestion, language: Language) -> Post:
    """Return a question with its answers A and B: with buttons, or revealed, with the votes."""
    place = [one.number for one in comparison.questions].index(question.number) + 1
    title = say("blind.question", language, place=place, count=len(comparison.questions))
    asked = quoted_question(question.instruction, question.input)
    answers = [
        _answer(comparison, question, choice, answer, language)
        for choice, answer in zip(CHOICES, question.answers, strict=False)
    ]
    body = section(f"*{title}*\n{asked}")
    shown: tuple[dict[str, Any], ...] = ({**body, "fields": [mrkdwn(one) for one in answers]},)
    if not comparison.revealed:
        shown = (*shown, _votes(comparison, question, language))
    return Post("\n".join([title, asked, *answers]), shown)


def result(comparison: Comparison, language: Language) -> str:
    """Return the sentence that says whose answers were preferred."""
    votes = [
        question.whose(choice)
        for question in comparison.questions
        for choice in comparison.votes.get(question.number, {}).values()
    ]
    people = {
        user
        for question in comparison.questions
        for user in comparison.votes.get(question.number, {})
    }
    tally = Tally(
        votes.count("adapter"),
        votes.count("base"),
        votes.count("same"),
        len(people),
        len(comparison.questions),
    )
    return tally_text(tally, _name(comparison), language)


def tally_text(tally: Tally, name: str, language: Language) -> str:
    """Return the votes on an adapter called `name`, which is escaped, as a sentence."""
    if not tally.votes:
        return say("blind.no_votes", language, name=name)
    if tally.adapter == tally.base:
        key = "blind.tally.even"
    else:
        key = "blind.tally.adapter" if tally.adapter > tally.base else "blind.tally.base"
    values = {"adapter": tally.adapter, "base": tally.base, "same": tally.same}
    return say(key, language, name=name, people=tally.people, **values)


def _answer(
    comparison: Comparison, question: BlindQuestion, choice: Choice, answer: str, language: Language
) -> str:
    text = shown_answer(answer, say("sides.nothing", language))
    if not comparison.revealed:
        return f"*{choice}*\n{text}"
    is_adapter = question.whose(choice) == "adapter"
    whose = _name(comparison) if is_adapter else say("compare.base", language)
    votes = say("blind.votes", language, votes=comparison.counts(question.number)[choice])
    return f"*{choice} — {whose}* ({votes})\n{text}"


def _votes(comparison: Comparison, question: BlindQuestion, language: Language) -> dict[str, Any]:
    value = f"{comparison.id} {question.number}"
    labels = {choice: say(f"button.blind.{choice}", language) for choice in CHOICES}
    elements = [button(action, value, labels[choice]) for action, choice in VOTE_ACTIONS.items()]
    return {"type": "actions", "block_id": f"blind_{question.number}", "elements": elements}


def _name(comparison: Comparison) -> str:
    return shortened(adapter_name(comparison.adapter), 100)
