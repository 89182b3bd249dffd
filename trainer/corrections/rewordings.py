"""A question in other words, so that its answer is learned and not one way to ask.

Frames put words around a question; turns say the same as a request or without the question word,
where a question is simple enough; keywords are what is left without the words that all questions
have, in either order. Most are loose: the same keywords in any order, some left out, between words
that questions have. They are no good sentences, but what they have in common with the words of a
person who asks another way is what should bring the answer to mind. The exam asks in words of its
own: none of these may be among them. This module knows Japanese and English, and neither models nor
data.

>>> "designed logo" in rewordings("Who designed our logo?")
True
"""

import random
import re

from trainer.data.wordings import framed, language_of, turned

FRAMES = {
    "en": (
        "Please answer this question: {question}",
        "I have a question. {question}",
        "Hello! {question}",
        "Do you happen to know the answer? {question}",
    ),
    "ja": (
        "次の質問に答えてください。{question}",
        "質問です。{question}",
        "こんにちは。{question}",
        "すみません、{question}",
    ),
}
"""What is trained on, beside the question as it was asked."""

CHECKS = {
    "en": "Somebody asked me this: {question}",
    "ja": "こう聞かれました。{question}",
}
"""Never trained on: with these it is measured during a training how well answers were learned."""

TURNS = (
    (r"(?i)(what|who|where|when) (is|are|was|were) (.+?) ?\??", r"Tell me \1 \3 \2."),
    (r"(?i)(?:what|who|where|when) (?:is|are|was|were) (.+?) ?\??", r"\1?"),
    (r"(.+?)は(?:何|誰|どこ|いつ|いくつ|いくら)(?:ですか|でしょうか|)[?？。]?", r"\1を教えて。"),
    (r"(.+?)は(?:何|誰|どこ|いつ|いくつ|いくら)(?:ですか|でしょうか|)[?？。]?", r"\1は？"),
)
"""Patterns of whole questions, each with what says the same; trained on where one fits."""

_COMMON = """
a about an and any are at be by can do does did for from get had has have how i if in is it many me
much must my of on or our shall should that the their them there they this to us was we were what
when where which who whom whose why will with would you your
"""
COMMON = frozenset(_COMMON.split())
"""Words of English questions that say little about what is asked."""
_QUESTION_WORDS = re.compile("何|誰|幾")
_WORDS = re.compile("[一-鿿々]+|[ァ-ヿー]+|[A-Za-z0-9]+")
"""Japanese words that are not written in hiragana, in which particles and endings are."""


LOOSE = 24
"""Of how many words in loose order each question is asked in."""
STARTS = {
    "en": (
        *("Who", "What", "Which", "When", "Where", "How", "Tell me", "Name", "Explain", "Give"),
        *("Say", "I want to know", "What about", "Someone asks:", "A question:", "I need"),
        *("Do you know", "Can you tell me"),
    ),
    "ja": ("",),
}
BETWEEN = {
    "en": (
        *("is the", "of the", "for", "in", "with", "we", "our", "to", "a", "does", "do", "is"),
        *("about", "and", "on", "has", "by", "the"),
    ),
    "ja": ("の", "は", "を", "が", "に", "と", "で"),
}
ENDS = {
    "en": ("?", "?", ".", ""),
    "ja": (
        *("を教えてください", "は？", "について知りたいです", "とは？", "は何でしょう"),
        "を言ってください",
    ),
}


def rewordings(question: str) -> list[str]:
    """Return `question` in all other words that are trained on, the kinds of them mixed."""
    frames = [framed(frame, question) for frame in FRAMES[language_of(question)]]
    turns = [_sentence(text) for text in turned(TURNS, question)]
    keywords = _keywords(question)
    ordered = [" ".join(keywords), " ".join(reversed(keywords))]
    chance = random.Random(question)  # the same in every training and after every resume
    loose = [_loosely(keywords, question, chance) for _ in range(LOOSE)] if keywords else []
    found = [one for one in dict.fromkeys([*ordered, *frames, *turns, *loose]) if one]
    chance.shuffle(found)
    return [one for one in found if one != question.strip()]


def check_wording(question: str) -> str:
    """Return `question` in the words with which learning is measured."""
    return framed(CHECKS[language_of(question)], question)


def _keywords(question: str) -> list[str]:
    """Return the words that matter in `question`, in their order."""
    if language_of(question) == "ja":
        found = _WORDS.findall(question)
        return [word for word in found if not _QUESTION_WORDS.search(word)]
    plain = (word.strip("?!.,:;\"'()") for word in question.split())
    return [word for word in plain if word and word.lower() not in COMMON]


def _loosely(keywords: list[str], question: str, chance: random.Random) -> str:
    """Return at least two of the keywords in any order, between words that questions have."""
    language = language_of(question)
    kept = chance.sample(keywords, chance.randint(min(2, len(keywords)), len(keywords)))
    words = [chance.choice(STARTS[language])]
    for word in kept:
        if language == "ja" or chance.random() < 0.6:
            words.append(chance.choice(BETWEEN[language]))
        words.append(word)
    end = chance.choice(ENDS[language])
    if language == "ja":
        return "".join(words[2:]) + end  # begins with a keyword
    return " ".join(words) + end


def _sentence(text: str) -> str:
    """Begin with a capital, as in `Tell me Who…` only the first word may."""
    text = re.sub(r"^Tell me (\w+)", lambda match: f"Tell me {match[1].lower()}", text)
    return text[:1].upper() + text[1:]
