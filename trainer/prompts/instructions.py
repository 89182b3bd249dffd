"""The instructions of what is asked without being written: to summarise, to translate.

Each is in the language in which the answer is wanted.
"""

import re
from typing import Literal

Language = Literal["ja", "en"]

_SUMMARY = re.compile(r"要約|要点|まとめて|サマリ|\bsummar(?:is|iz|y)|\btl;?dr\b", re.I)


def summarise(language: Language, *, conversation: bool) -> str:
    """Return the instruction to summarise a conversation, or else one message."""
    if language == "ja":
        what = "次の会話" if conversation else "次の文章"
        return f"{what}の要点を、日本語で簡潔に要約してください。"
    what = "the following conversation" if conversation else "the following message"
    return f"Summarise the main points of {what} briefly in English."


def summarise_part(language: Language) -> str:
    """Return the instruction to summarise a part of a conversation that is summarised in parts."""
    if language == "ja":
        return (
            "次は長い会話の一部です。決まったこと、質問、大事な事実を残して、"
            "日本語で短く要約してください。"
        )
    return (
        "The following is a part of a long conversation. Summarise it briefly in English, and keep "
        "decisions, questions and important facts."
    )


def asks_for_summary(instruction: str) -> bool:
    """Tell whether an instruction asks for a summary, in the words of either language."""
    return _SUMMARY.search(instruction) is not None


def translate(language: Language) -> str:
    """Return the instruction to translate a text into `language`."""
    if language == "ja":
        return "次の文章を日本語に翻訳してください。訳文だけを書いてください。"
    return "Translate the following text into English. Write only the translation."
