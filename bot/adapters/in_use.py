"""Which adapter answers where, in words: for the list of adapters and the Home tab."""

from bot.bot import Bot
from bot.i18n.lookup import Language, say
from bot.slack.outgoing_text import shortened
from tasks.adapters.reference import adapter_name

MOST_CHANNELS = 20
_NAME_CHARACTERS = 120


def default_line(bot: Bot, language: Language) -> str:
    """Return what answers where a channel has no adapter of its own."""
    name = adapter_name(bot.registry.in_use)
    if not name:
        return say("adapter.default_none", language)
    return say("adapter.default", language, name=shortened(name, _NAME_CHARACTERS))


def channel_lines(bot: Bot, language: Language) -> list[str]:
    """Return a line for each channel with an adapter of its own, below a heading; [] if none."""
    channels = bot.registry.channels
    if not channels:
        return []
    lines = [say("adapter.channels", language)]
    for channel, used in list(channels.items())[:MOST_CHANNELS]:
        name = shortened(adapter_name(used), _NAME_CHARACTERS)
        lines.append(say("adapter.channel", language, channel=channel, name=name))
    if len(channels) > MOST_CHANNELS:
        lines.append(say("adapter.more", language, count=len(channels) - MOST_CHANNELS))
    return lines
