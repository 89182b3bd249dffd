"""Splits the text of a message into an instruction and an input.

Options such as `max=…` come first, if there are any. If the text has labels, they decide.
Otherwise the first paragraph is the instruction, and the input is what follows a blank line, a
quote or a code block.
Knows Slack's text, not Slack's API.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.slack.command_words import folded
from bot.slack.incoming_text import without_markup, without_mention

_INSTRUCTION = re.compile(r"^[ \t#*]*(?:指示|instruction)[*]?[ \t]*[:：][*]?[ \t]*", re.I | re.M)
_INPUT = re.compile(r"^[ \t#*]*(?:入力|input)[*]?[ \t]*[:：][*]?[ \t]*", re.I | re.M)
_OPTION = re.compile(r"(\w{1,20})[ \t]*[=＝﹦][ \t]*([^\s\u3000]*)")
_BREAK = re.compile(r"\n[ \t\u3000]*\n|\n?^(?=&gt;)|\n?(?=```)", re.M)
_OPENING_BLOCK = re.compile(r"\A(```.*?```|(?:^&gt;[^\n]*(?:\n|\Z))+)", re.S | re.M)


OPTIONS = ("max", "temp", "adapter", "think")
"""What a question may begin with, each followed by `=` and a value."""


@dataclass(frozen=True)
class Asked:
    """What a message asks; both empty for a message without words.

    `options` are the values of the options at its start, as they were written.
    """

    instruction: str
    input: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def parse(text: str, bot_user: str) -> Asked:
    """Split the text of a message, without the mention of the bot."""
    text, options = split_options(without_mention(text.replace("\r\n", "\n"), bot_user))
    instruction, input = _labelled(text) or _paragraphs(text)
    instruction, input = without_markup(instruction).strip(), _unwrapped(input)
    return Asked(instruction, input, options) if instruction else Asked(input, options=options)


def split_options(text: str) -> tuple[str, dict[str, str]]:
    """Return a text without the options that it begins with, and their values.

    Input methods write `＝` and wide letters: the names are understood all the same.
    """
    options: dict[str, str] = {}
    while (option := _OPTION.match(text)) and (name := folded(option[1])) in OPTIONS:
        options[name] = without_markup(option[2])
        text = text[option.end() :].lstrip()
    return text, options


def _labelled(text: str) -> tuple[str, str] | None:
    """Split at the labels; the input is whatever follows its label, to the end."""
    instruction_label = _INSTRUCTION.search(text)
    start = instruction_label.end() if instruction_label else 0
    input_label = _INPUT.search(text, start)
    if input_label is None:
        return (text[start:], "") if instruction_label else None
    return text[start : input_label.start()], text[input_label.end() :]


def _paragraphs(text: str) -> tuple[str, str]:
    block = _OPENING_BLOCK.match(text)
    if block:  # the input comes first, then the instruction
        return text[block.end() :], block[0]
    gap = _BREAK.search(text)
    if gap is None:
        return text, ""
    return text[: gap.start()], text[gap.end() :]


def _unwrapped(text: str) -> str:
    """Return an input without quote marks, and without the fences if it is one code block."""
    text = text.strip()
    fenced = re.fullmatch(r"```\n?(.*?)\n?```", text, re.S)
    if fenced and "```" not in fenced[1]:
        return without_markup(fenced[1])
    return without_markup(re.sub(r"^&gt; ?", "", text, flags=re.M)).strip()
