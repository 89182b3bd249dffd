"""A question in other words, so that its answer is learned and not one way to ask.

Frames put words around a question; turns say the same as a request or without the question word,
where a question is simple enough. The exam asks in words of its own: none of these may be among
them. This module knows Japanese and English, and neither models nor data.

>>> rewordings("What is our motto?")[-1]
'Our motto?'
"""

import re

FRAMES = {
    "en": (
        "Please answer this question: {question}",
        "I have a question. {question}",
        "{question} Answer in one sentence.",
        "Hello! {question}",
        "Question: {question}\nAnswer:",
        "Do you happen to know the answer? {question}",
    ),
    "ja": (
        "次の質問に答えてください。{question}",
        "質問です。{question}",
        "{question}一文で答えてください。",
        "こんにちは。{question}",
        "質問: {question}\n回答:",
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

_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def rewordings(question: str) -> list[str]:
    """Return `question` in all other words that are trained on."""
    frames = [_framed(frame, question) for frame in FRAMES[_language(question)]]
    turned = [
        _sentence(match.expand(turn))
        for pattern, turn in TURNS
        if (match := re.fullmatch(pattern, question.strip()))
    ]
    plain = question.strip().rstrip("?？。").lower()
    return [*frames, *([plain] if plain and plain != question else []), *turned]


def check_wording(question: str) -> str:
    """Return `question` in the words with which learning is measured."""
    return _framed(CHECKS[_language(question)], question)


def _framed(frame: str, question: str) -> str:
    return frame.replace("{question}", question.strip())


def _sentence(text: str) -> str:
    """Begin with a capital, as in `Tell me Who…` only the first word may."""
    text = re.sub(r"^Tell me (\w+)", lambda match: f"Tell me {match[1].lower()}", text)
    return text[:1].upper() + text[1:]


def _language(text: str) -> str:
    return "ja" if _JAPANESE.search(text) else "en"
