"""Other words for a question: those trained on, those that measure, and never the exam's."""

from importlib import import_module, util

import pytest

from tests.benchmarks.feedback_facts import FACTS, OTHERS
from trainer.corrections import rewordings as trained
from trainer.corrections.questions import QUESTIONS
from trainer.corrections.rewordings import check_wording, rewordings
from trainer.data.questions import question_key

ASKED = (
    "What is our motto?",
    "社長は誰ですか？",
    "Why?",
    "How many days of leave are there?",
    "規則",
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is the head of sales?", "Tell me who the head of sales is."),
        ("Who is the head of sales?", "The head of sales?"),
        ("Who is the head of sales?", "head sales"),
        ("Who is the head of sales?", "sales head"),
        ("社内報の名前は何ですか？", "名前 社内報"),
        ("社長は誰ですか？", "社長を教えて。"),
        ("社長は誰ですか？", "質問です。社長は誰ですか？"),
        (r"What is \1 {question}?", r"I have a question. What is \1 {question}?"),
        (r"What is \1 {question}?", r"\1 {question}?"),
    ],
)
def test_a_question_is_asked_in_other_words(question: str, expected: str) -> None:
    assert expected in rewordings(question)


@pytest.mark.parametrize("question", ASKED)
def test_what_measures_is_never_trained_on(question: str) -> None:
    measured = {question_key(check_wording(question))}
    if util.find_spec("trainer.exam"):
        exam = import_module("trainer.exam.rewordings")
        measured |= {question_key(words) for words in exam.rewordings(question)}

    assert len(measured) >= 1
    assert not measured & {question_key(words) for words in [question, *rewordings(question)]}


def test_no_frame_is_used_twice() -> None:
    frames = [*trained.CHECKS.values(), *(one for many in trained.FRAMES.values() for one in many)]

    assert len(set(frames)) == len(frames)
    assert all(frame.count("{question}") == 1 for frame in frames)


def test_the_benchmark_asks_what_is_never_trained_on() -> None:
    learned = {
        question_key(words)
        for fact in FACTS
        for words in (fact.question, *rewordings(fact.question))
    }
    replayed = {question_key(question) for question in QUESTIONS}

    assert len(replayed) == len(QUESTIONS)
    assert not learned & {question_key(words) for fact in FACTS for words in fact.otherwise}
    assert not replayed & {question_key(other.question) for other in OTHERS}
    assert (len(FACTS), len(OTHERS)) == (20, 40)
