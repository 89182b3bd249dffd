"""Stopped and started again: a system of its own, whose first start converts the model."""

from pathlib import Path

from tests.system.workspace import ONE_THREAD, running_system, state_of
from trainer.base_model.source import Source


def test_ctrl_c_puts_the_running_answer_back_and_the_next_start_finishes_it(
    tmp_path: Path, small_model: Source, engine_option: str
) -> None:
    with running_system(
        tmp_path,
        engine_option,
        **ONE_THREAD,
        SWALLOW_DRAIN_SECONDS="0",
        SWALLOW_MAX_NEW_TOKENS="150",
    ) as system:
        ts = system.workspace.say("<@UBOT> Write a very long story about a restart.")
        system.workspace.wait_for_text(ts)

        assert system.stop() == 0
        system.start()

        (message,) = system.workspace.answers(ts)
        assert state_of(message) == "finished"
        assert len(system.workspace.bot_messages(ts)) == 1
