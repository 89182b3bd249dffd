"""A question that is in the exam is not learned either as the other words of another one."""

from tests.trainer.doubles import byte_tokenizer
from trainer.corrections.in_other_words import wordings_of
from trainer.data.questions import question_key
from trainer.data.rows import Row
from trainer.prompts.templates import STYLES


def test_the_exams_words_are_left_out() -> None:
    rows = [Row("What is our motto?", "", "Fly")]
    style, tokenizer = STYLES["alpaca-en"], byte_tokenizer()
    (every,) = wordings_of(rows, style, tokenizer, cutoff=400)

    (left,) = wordings_of(rows, style, tokenizer, cutoff=400, examined={question_key("our MOTTO?")})

    texts = [tokenizer.decode(row.ids) for row in left]
    assert len(left) == len(every) - 1
    assert not any("\nOur motto?\n" in text for text in texts)
