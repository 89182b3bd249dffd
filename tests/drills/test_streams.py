"""The short form of the drill of streams, with one kill of the bot."""

from pathlib import Path

from tests.drills import streams


def test_each_question_has_one_complete_answer_whatever_happens_to_its_stream(
    tmp_path: Path,
) -> None:
    options = ["--questions=16", "--at-once=6", "--kills=1", "--calls=6", "--seed=2"]

    figures = streams.run(tmp_path, streams.options_of(options))

    assert streams.good(figures), figures
    assert figures["calls"]["chat.appendStream"] > 0
