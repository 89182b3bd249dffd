"""The short form of the large drill: everything is killed once, and Slack and the link fail."""

from pathlib import Path

from tests.drills import storm

SHORT = (
    "--questions=24 --different=8 --at-once=6 --trainings=0 --seed=1 --link=0.005 --trainer=0 "
    "--worker=2 --generator=1 --bot=1 --broker=1 --power=1 --slack=4 --events=3"
)


def test_nothing_is_lost_doubled_or_garbled_in_a_short_storm(
    tmp_path: Path, model_cache: Path, engine_option: str
) -> None:
    options = storm.options_of([*SHORT.split(), f"--engine={engine_option}"])

    figures = storm.run(tmp_path, options, model_cache)

    assert storm.good(figures), figures
    assert figures["slack_calls_failed"] > 0
