"""What `swallow doctor` says of the home, and of a broker that does not allow everything."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tasks.doctor import broker_rows, home_row
from tasks.engines.openvino.convert.conversion import convert
from tasks.model_checks import thinking_rows, weights_rows
from tasks.settings import Settings
from tests.tasks.models.tiny_models import write_tiny
from trainer.base_model.source import Source

SECRET = "hunter2"


def acl(redis: Redis, *arguments: str) -> None:
    """Run a command about users and what they may do."""
    redis.execute_command("ACL", *arguments)  # type: ignore[no-untyped-call]


@pytest.fixture
def limited(redis: Redis, valkey: str) -> Iterator[str]:
    """The address of a user of a managed Redis: whatever is dangerous is forbidden."""
    acl(redis, "SETUSER", "app", "on", f">{SECRET}", "~*", "&*", "+@all", "-@dangerous", "+info")
    yield f"redis://app:{SECRET}@{valkey.rpartition('@')[2]}"
    acl(redis, "DELUSER", "app")


def test_a_broker_that_forbids_config_is_judged_by_what_it_tells(limited: str) -> None:
    rows = {row["check"]: row for row in broker_rows(Settings(redis_url=limited))}

    assert rows["broker"]["ok"]
    assert rows["broker"]["detail"].startswith("answers, speaks as Redis 7")
    assert rows["broker memory"]["ok"]
    assert rows["broker memory"]["detail"] == "maxmemory-policy noeviction"


def test_a_broker_that_tells_nothing_of_itself_is_used_and_its_policy_left_to_the_reader(
    limited: str, redis: Redis
) -> None:
    acl(redis, "SETUSER", "app", "-info")

    rows = {row["check"]: row for row in broker_rows(Settings(redis_url=limited))}

    assert rows["broker"]["ok"]
    assert "cannot be read; it must be noeviction" in rows["broker memory"]["detail"]


def test_a_wrong_policy_is_found_without_config(limited: str, redis: Redis) -> None:
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        rows = {row["check"]: row for row in broker_rows(Settings(redis_url=limited))}
    finally:
        redis.config_set("maxmemory-policy", "noeviction")

    assert not rows["broker memory"]["ok"]
    assert "allkeys-lru" in rows["broker memory"]["detail"]


@pytest.mark.parametrize("change", [("-@all",), ("off",), (f"<{SECRET}",)])
def test_a_user_who_may_not_connect_is_one_sentence_without_the_password(
    limited: str, redis: Redis, change: tuple[str, ...]
) -> None:
    acl(redis, "SETUSER", "app", *change)

    (row,) = broker_rows(Settings(redis_url=limited))

    assert not row["ok"]
    assert "refuses" in row["detail"]
    assert "SWALLOW_REDIS_URL" in row["detail"]
    assert SECRET not in str(row)


def test_a_database_that_does_not_exist_is_said(valkey: str) -> None:
    (row,) = broker_rows(Settings(redis_url=f"{valkey.removesuffix('/0')}/99"))

    assert not row["ok"]
    assert "/99) refuses" in row["detail"]


@pytest.mark.parametrize(("mode", "ok"), [(0o700, True), (0o750, False), (0o705, False)])
def test_a_home_that_other_accounts_may_enter_is_said(tmp_path: Path, mode: int, ok: bool) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(mode)

    found = home_row(Settings(home=folder))

    assert found["ok"] is ok
    assert (f"chmod 700 {folder}" in found["advice"]) is not ok


def test_the_weights_are_described_as_the_settings_name_them(tmp_path: Path) -> None:
    model = write_tiny(tmp_path / "tiny", "llama2")
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("木", "utf-8")
    settings = Settings(model=str(model), engine="openvino", home=tmp_path / "home")

    def said(**changes: str) -> str:
        (row,) = weights_rows(settings.model_copy(update=changes))
        assert row["ok"]
        return str(row["detail"])

    assert said() == "int8; the next start converts it"
    assert said(precision="fast") == "int4 (fast); the next start converts it"
    sample = "int4 (best), calibrated on the built-in sample; the next start converts it"
    assert said(precision="best") == sample
    own = f"int4 (balanced), calibrated on {texts}; "
    assert said(precision="balanced", calibration=str(texts)).startswith(own)
    convert(model, name="tiny", cache=settings.cache, precision="int8")
    assert said() == "int8; converted"


def test_a_calibration_that_cannot_be_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    model = write_tiny(tmp_path / "tiny", "llama2")

    (row,) = weights_rows(Settings(model=str(model), engine="openvino", calibration="/no/such"))

    assert not row["ok"]
    assert row["detail"].startswith("SWALLOW_CALIBRATION=/no/such cannot be used")
    assert row["advice"] == "Correct SWALLOW_CALIBRATION."


@pytest.mark.parametrize("kept_in", ["chat_template.jinja", "tokenizer_config.json"])
def test_of_a_model_that_thinks_first_it_is_said_how_much_it_may(
    tmp_path: Path, kept_in: str
) -> None:
    template = "{{ messages }}<think>"
    jinja = kept_in.endswith("jinja")
    text = template if jinja else json.dumps({"chat_template": template})
    (tmp_path / kept_in).write_text(text, encoding="utf-8")
    source = Source("m", str(tmp_path))

    (row,) = thinking_rows(Settings(thinking=500), source)
    (default,) = thinking_rows(Settings(), source)
    (tmp_path / kept_in).write_text("{}", encoding="utf-8")

    assert row["detail"] == "at most 500 tokens (SWALLOW_THINKING); m thinks first"
    assert default["detail"] == "on (SWALLOW_THINKING); m thinks first"
    assert thinking_rows(Settings(), source) == []
