"""Whatever stands in the environment or in `.env`, it is read or refused with one sentence."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_settings import BaseSettings

from bot.settings import BotSettings
from tasks.errors import SettingInvalid
from tasks.settings import Settings, checked

NAMES = [
    *(f"SWALLOW_{name.upper()}" for kind in (Settings, BotSettings) for name in kind.model_fields),
    *("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL"),
]
NEAR = (
    *(
        "",
        "0",
        "1",
        "-1",
        "1e9",
        "nan",
        "inf",
        "٣",
        "auto",
        "int4",
        "ja",
        "~",
        "~nobody/x",
        "/",
        ".",
    ),
    *("redis://", "redis://a:b@c:d/e", "rediss://x:99999/0", "unix:///x", "http://[", "C1,,C2"),
)
TEXTS = st.sampled_from(NEAR) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=20
)
VARIABLES = st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=4)


@pytest.mark.parametrize("kind", [Settings, BotSettings])
@given(VARIABLES)
@example({"SWALLOW_HOME": "~nobody-of-that-name/x"})
@example({"SWALLOW_KEEP_HOURS": "inf"})
@example({"SWALLOW_KEEP_HOURS": "nan"})
def test_any_environment_is_read_or_refused_with_a_sentence(
    kind: type[BaseSettings], variables: dict[str, str]
) -> None:
    with patch.dict(os.environ, variables):
        _read(kind)


LINES = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["=", " = ", "='", '="', ""]), TEXTS)
    | st.tuples(TEXTS, st.just("="), TEXTS),
    max_size=5,
)


@given(LINES.map(lambda lines: "\n".join("".join(line) for line in lines)) | st.binary())
@example(b"\xff")
@example("SWALLOW_REDIS_CA=~nobody-of-that-name/ca.pem")
def test_any_env_file_is_read_or_refused_with_a_sentence(content: str | bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / ".env"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        before = Path.cwd()
        os.chdir(folder)
        try:
            for kind in (Settings, BotSettings):
                _read(kind)
        finally:
            os.chdir(before)


def _read(kind: type[BaseSettings]) -> None:
    try:
        settings = checked(kind)
    except SettingInvalid as error:
        _check_said(str(error))
        return
    if isinstance(settings, Settings):
        assert settings.home.is_absolute()
        assert settings.keep_ms > 0


def _check_said(said: str) -> None:
    assert said.encode()
    assert "\n" not in said
    assert said.endswith(".")
