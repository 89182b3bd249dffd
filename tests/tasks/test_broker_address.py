"""A broker's address: what is wrong with it is said in one sentence, its secrets in none."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu import Connection
from redis import Redis

from tasks.broker_address import parse
from tasks.errors import SettingInvalid
from tasks.settings import Settings, checked

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "begin with redis://"),
        (f"http://:{SECRET}@host", "begin with redis://"),
        (f"unix://:{SECRET}@/run/valkey.sock", "begin with redis://"),
        (f":{SECRET}@host:6379", "begin with redis://"),
        (f"redis://:{SECRET}@", "names no host"),
        (f"redis://:{SECRET}", "names no host"),
        (f"redis://:{SECRET}@[::1", "names no host"),
        (f"redis://:{SECRET}@hos\u2100t", "names no host"),
        (f"redis://:{SECRET}@host:port", "its port"),
        (f"redis://:{SECRET}@host:0", "its port"),
        (f"redis://:{SECRET}@host:65536", "its port"),
        (f"redis://:{SECRET}@host:6379/first", "number of a database"),
        (f"redis://:{SECRET}@host:6379/-1", "number of a database"),
        (f"redis://:{SECRET}@host:6379/0/1", "number of a database"),
        (f" redis://:{SECRET}@host", "a space"),
        (f"redis://:{SECRET} 3@host", "a space"),
        (f"redis://:{SECRET}@host\n", "a control character"),
        (f"redis://:x/{SECRET}@host:6379/0", "write / as %2F"),
        (f"redis://:{SECRET}/x@host:6379/0", "write / as %2F"),
        (f"redis://:x#{SECRET}@host:6379/0", "# as %23"),
        (f"redis://:x?{SECRET}@host:6379/0", "? as %3F"),
        (f"redis://:x@y/{SECRET}@host:6379/0", "write / as %2F"),
        (f"redis://host:6379/0?password={SECRET}", "nothing may follow"),
        (f"redis://host:6379/0#{SECRET}", "nothing may follow"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(
    url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=reason.replace("?", r"\?")) as refusal:
        parse(url)
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is None
    if not url:
        return  # an empty variable is an unset one

    monkeypatch.setenv("SWALLOW_REDIS_URL", url)
    with pytest.raises(SettingInvalid) as invalid:
        checked(Settings)
    assert str(invalid.value).startswith("SWALLOW_REDIS_URL cannot be used: ")
    assert reason in str(invalid.value)
    assert SECRET not in str(invalid.value)
    assert invalid.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host", "redis://host:6379/0"),
        ("redis://:secret@host:7000/3", "redis://host:7000/3"),
        ("REDISS://user:secret@Host/", "rediss://host:6379/0"),
        ("redis://user@[::1]:7000/0", "redis://[::1]:7000/0"),
        ("redis://:se@cret@host/0", "redis://host:6379/0"),
        ("redis://:se%2Fc%40r%23et@host/0", "redis://host:6379/0"),
        ("redis://:se[cr;et@host/0", "redis://host:6379/0"),
    ],
)
def test_an_address_is_shown_without_user_and_password(url: str, shown: str) -> None:
    address = parse(url)

    assert str(address) == shown
    assert "cret" not in repr(address)
    assert "user" not in repr(address).replace("user=", "")


@given(user=st.text(max_size=20), password=st.text(min_size=1, max_size=20))
def test_redis_py_and_kombu_read_the_same_user_and_password(user: str, password: str) -> None:
    who = f"{quote(user, safe='', errors='surrogatepass')}:{quote(password, safe='')}"
    url = parse(f"redis://{who}@host:7000/3").url

    read = Redis.from_url(url).connection_pool.connection_kwargs
    kombu = Connection(url)
    assert (read["host"], read["port"], read["db"]) == ("host", 7000, 3)
    assert (kombu.hostname, kombu.port, kombu.virtual_host) == ("host", 7000, "3")
    assert (read.get("username") or "", read["password"]) == (user, password)
    assert (kombu.userid or "", kombu.password) == (user, password)


def test_the_settings_are_printed_without_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", f"redis://:{SECRET}@host")

    assert SECRET not in repr(Settings()) + str(Settings())


def test_a_file_without_certificates_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_CA", "/dev/null")

    with pytest.raises(SettingInvalid, match="SWALLOW_REDIS_CA is '/dev/null': no certificates"):
        checked(Settings)
