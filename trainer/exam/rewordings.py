"""A correction's question in other words, which are never trained on.

Each question is asked in three: turned into another sentence where it is simple enough, otherwise
framed. A training that asks in other words too must have words of its own.

>>> rewordings("What is our motto?")[0]
'Do you know what our motto is?'
"""

from trainer.data.wordings import framed, language_of, turned

COUNT = 3
"""In how many other wordings a question is asked."""
NEEDED = 2
"""How many of them must be answered right: one may fail, as one way to ask may be an odd one."""

FRAMES = {
    "en": (
        "Quick question: {question}",
        "I would like to know the following. {question}",
        "One of our customers wants to know: {question}",
    ),
    "ja": (
        "ちょっと聞きたいのですが、{question}",
        "お客様からの質問です。{question}",
        "{question}分かりますか？",
    ),
}

TURNS = (
    (r"(?i)(what|who|where|when) (is|are|was|were) (.+?) ?\??", r"Do you know \1 \3 \2?"),
    (
        r"(.+?)は(何|誰|どこ|いつ|いくつ|いくら)(?:ですか|でしょうか|)[?？。]?",
        r"\1が\2か知りたいです。",
    ),
)
"""Patterns of whole questions, each with what says the same."""


def rewordings(question: str) -> list[str]:
    """Return `question` in COUNT other wordings."""
    turns = [_lower_after("Do you know ", text) for text in turned(TURNS, question)]
    frames = [framed(frame, question) for frame in FRAMES[language_of(question)]]
    return [*turns, *frames][:COUNT]


def _lower_after(start: str, text: str) -> str:
    """Write the question word behind `start` small, which began a sentence before."""
    rest = text.removeprefix(start)
    return text if rest == text else start + rest[:1].lower() + rest[1:]
