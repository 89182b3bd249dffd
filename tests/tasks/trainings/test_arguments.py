"""What was asked for in Slack reaches the trainer's command line, and nothing else does."""

from pathlib import Path

from tasks.settings import Settings
from tasks.trainings.arguments import arguments


def test_options_become_flags_and_unknown_ones_are_dropped(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, train_data="sample", checkpoint_minutes=5)

    given = arguments(
        {"num_epochs": 2, "lora_r": 16, "output": "faq", "threads": 9, "home": "/x"}, settings
    )

    assert {"--num-epochs=2", "--lora-r=16", "--output-dir=faq", "--data-path=sample"} <= {*given}
    assert [word for word in given if word.startswith("--home")] == [f"--home={tmp_path}"]
    assert "--threads=9" not in given
