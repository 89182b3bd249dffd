"""Every sentence the bot says, in Japanese and in English: finds one by its key and fills it in.

The sentences themselves are in the modules beside this one. Values are put in as they are: the
caller escapes them.
"""

from typing import Any, Literal

from bot.i18n.agent_sentences import AGENT
from bot.i18n.alert_sentences import ALERTS
from bot.i18n.answer_sentences import ANSWERS
from bot.i18n.blind_sentences import BLIND
from bot.i18n.channel_sentences import CHANNELS
from bot.i18n.command_sentences import COMMANDS
from bot.i18n.feedback_sentences import FEEDBACK
from bot.i18n.shortcut_sentences import SHORTCUTS
from bot.i18n.training_form_sentences import TRAINING_FORM
from bot.i18n.training_sentences import TRAININGS

Language = Literal["ja", "en"]
LANGUAGES: tuple[Language, ...] = ("ja", "en")

CATALOGUE: dict[str, tuple[str, str]] = {
    **AGENT,
    **ALERTS,
    **ANSWERS,
    **BLIND,
    **CHANNELS,
    **COMMANDS,
    **FEEDBACK,
    **SHORTCUTS,
    **TRAININGS,
    **TRAINING_FORM,
}
"""Each key with its Japanese and its English sentence."""


def say(key: str, language: Language, **values: Any) -> str:
    """Return the sentence called `key`, with `values` filled in."""
    japanese, english = CATALOGUE[key]
    return (japanese if language == "ja" else english).format_map(values)


def failure(reason: str, language: Language, **values: Any) -> str:
    """Return the sentence for a failed answer; one for an internal error if `reason` is unknown."""
    key = f"failed.{reason}"
    return say(key if key in CATALOGUE else "failed.internal", language, **values)
