"""What is set for a channel, in words. Pure; what admins wrote is escaped."""

from bot.i18n.lookup import Language, say
from bot.slack.outgoing_text import shortened
from tasks.asking.channels import ChannelSettings

_INSTRUCTIONS_CHARACTERS = 1500
_NAME_CHARACTERS = 120
_MOST_PEOPLE = 20


def settings_text(channel: str, settings: ChannelSettings, adapter: str, language: Language) -> str:
    """Return all settings of a channel; `adapter` is the name of its own, empty where none is."""
    lines = [say("channel.title", language, channel=channel)]
    name = shortened(adapter, _NAME_CHARACTERS)
    lines.append(say("channel.adapter" if adapter else "channel.adapter_none", language, name=name))
    lines.append(_instructions(settings, language))
    lines.append(say(f"channel.language.{settings.language or 'auto'}", language))
    key = "channel.max" if settings.max_new_tokens else "channel.max_none"
    lines.append(say(key, language, tokens=f"{settings.max_new_tokens:,}"))
    lines.append(_askers(settings, language))
    return "\n".join(lines)


def _instructions(settings: ChannelSettings, language: Language) -> str:
    if not settings.instructions:
        return say("channel.instructions_none", language)
    safe = shortened(settings.instructions, _INSTRUCTIONS_CHARACTERS)
    quoted = "\n".join(f"> {line}" for line in safe.split("\n"))
    return say("channel.instructions", language, text=quoted)


def _askers(settings: ChannelSettings, language: Language) -> str:
    if settings.askers != "people":
        return say(f"channel.ask.{settings.askers}", language)
    people = " ".join(f"<@{id}>" for id in settings.people[:_MOST_PEOPLE])
    more = len(settings.people) - _MOST_PEOPLE
    if more > 0:
        people += " " + say("channel.more_people", language, count=more)
    return say("channel.ask.people", language, people=people)
