"""The question that comes before an adapter is used that answers worse than the base model."""

from bot.adapters.evaluation_text import short_evaluation
from bot.errors import NeedsSecondPress
from bot.i18n.lookup import Language, say
from bot.slack.blocks import button
from tasks.adapters.reference import reference
from trainer.adapters.adapter import Adapter

USE_ANYWAY_ACTION = "use_anyway"
_EVERYWHERE, _HERE = "everywhere", "here"


def ask_again(adapter: Adapter, language: Language, *, here: bool) -> NeedsSecondPress:
    """Return the question, whose button names the adapter's present content, and where."""
    evaluation = short_evaluation(adapter.about, language)
    text = say("adapter.worse", language, name=adapter.name, evaluation=evaluation)
    value = f"{_HERE if here else _EVERYWHERE} {reference(adapter)}"
    label = say("button.use_anyway", language)
    pressed = button(USE_ANYWAY_ACTION, value, label, style="danger")
    block = {"type": "actions", "block_id": "use_anyway", "elements": [pressed]}
    return NeedsSecondPress("worse", text, (block,))


def parsed(value: str) -> tuple[str, bool]:
    """Return the adapter's reference in a button's value, and whether it is for the channel."""
    where, _, used = value.partition(" ")
    return used, where == _HERE
