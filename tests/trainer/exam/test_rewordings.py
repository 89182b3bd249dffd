"""The exam asks in words that no training has."""

import pytest

from trainer.corrections import rewordings as training
from trainer.data.questions import question_key
from trainer.exam.rewordings import COUNT, rewordings

QUESTIONS = (
    "What is our motto?",
    "who was the founder",
    "Name three colours.",
    "社長の名前は何ですか？",
    "会議室はどこですか",
    "有給休暇の申請方法を教えてください。",
    "{question} {0} %s \\1",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_asked_in_other_words_and_all_differ(question: str) -> None:
    keys = {question_key(text) for text in [question, *rewordings(question)]}

    assert len(keys) == COUNT + 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_training_asks_in_these_words(question: str) -> None:
    trained = {question_key(text) for text in [*training.rewordings(question), question]}
    trained.add(question_key(training.check_wording(question)))

    assert trained.isdisjoint(question_key(text) for text in rewordings(question))


def test_simple_questions_are_turned() -> None:
    assert rewordings("Who was our founder?")[0] == "Do you know who our founder was?"
    assert rewordings("社長の名前は何ですか？")[0] == "社長の名前が何か知りたいです。"
