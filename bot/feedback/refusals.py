"""Why something about feedback was not done, as a sentence for the person who tried."""

from redis.exceptions import RedisError

from bot.errors import CannotAct
from bot.i18n.lookup import Language, say
from tasks.errors import FeedbackRefused
from trainer.errors import NotWritable

REFUSALS = (CannotAct, FeedbackRefused, NotWritable, RedisError, TimeoutError)
"""What stops an act without being a fault of the program."""


def refusal_sentence(error: Exception, language: Language) -> str:
    """Return what one of `REFUSALS` means."""
    if isinstance(error, CannotAct):
        return say(error.key, language, **error.values)
    if isinstance(error, FeedbackRefused):
        key = "too_long" if error.reason == "too_long" else "unusable"
        return say(f"feedback.{key}", language)
    if isinstance(error, NotWritable):
        return say("feedback.not_written", language)
    return say("act.broker_away", language)
