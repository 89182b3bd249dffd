"""A broker behind TLS proves who it is before it is told the password, to every client of ours."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from tasks.broker.connection import connect, reachable
from tasks.errors import BrokerAway, SettingInvalid
from tasks.settings import Settings
from tests.patience import SECONDS
from tests.tasks.broker.links.certificates import Authority, Certificate
from tests.tasks.broker.links.tls_proxy import TlsProxy

PUBLISH = "from tasks.broker.celery_app import publish; publish('tls-job', 'answer')"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates") / "ours")


@pytest.fixture(scope="module")
def right(authority: Authority) -> Certificate:
    return authority.sign("right", valid_for="IP:127.0.0.1")


@pytest.fixture(scope="module")
def wrong(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certificate]:
    """Certificates that must be refused, by the reason that is told."""
    stranger = Authority(tmp_path_factory.mktemp("certificates") / "stranger")
    place = "IP:127.0.0.1"
    return {
        "unable to get local issuer": stranger.sign("man-in-the-middle", valid_for=place),
        "self-signed": stranger.certificate,
        "mismatch": authority.sign("elsewhere", valid_for="DNS:broker.example"),
        "expired": authority.sign("old", valid_for=place, until="20200201000000Z"),
    }


REASONS = ["unable to get local issuer", "self-signed", "mismatch", "expired"]


@pytest.fixture
def behind_tls(redis: Redis, valkey: str) -> Iterator[Callable[[Certificate], TlsProxy]]:
    proxies: list[TlsProxy] = []
    port = int(valkey.rpartition(":")[2].partition("/")[0])

    def start(certificate: Certificate) -> TlsProxy:
        proxies.append(TlsProxy(certificate, port))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.close()


def url_of(proxy: TlsProxy, valkey: str) -> str:
    """Return the address of the Valkey behind `proxy`, with its password."""
    password = valkey.removeprefix("redis://").partition("@")[0]
    return f"rediss://{password}@127.0.0.1:{proxy.port}/0"


def publish(url: str, ca: Path | None) -> "subprocess.CompletedProcess[str]":
    """Publish a job's id with Celery, in a process with these settings."""
    environment = {"SWALLOW_REDIS_URL": url} | ({"SWALLOW_REDIS_CA": str(ca)} if ca else {})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return subprocess.run(
            [sys.executable, "-c", PUBLISH],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )


def test_both_clients_reach_a_broker_whose_certificate_our_ca_signed(
    behind_tls: Callable[[Certificate], TlsProxy],
    authority: Authority,
    right: Certificate,
    redis: Redis,
    valkey: str,
) -> None:
    proxy = behind_tls(right)
    url, ca = url_of(proxy, valkey), authority.certificate.file

    assert connect(Settings(redis_url=url, redis_ca=ca), patience=1).ping()
    done = publish(url, ca)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert redis.llen("answers\x06\x163") == 1
    assert b"AUTH" in proxy.received


@pytest.mark.parametrize("reason", REASONS)
def test_neither_client_tells_the_password_to_who_cannot_prove_to_be_the_broker(
    behind_tls: Callable[[Certificate], TlsProxy],
    authority: Authority,
    wrong: dict[str, Certificate],
    valkey: str,
    reason: str,
) -> None:
    proxy = behind_tls(wrong[reason])
    url, ca = url_of(proxy, valkey), authority.certificate.file
    settings = Settings(redis_url=url, redis_ca=ca)

    with pytest.raises(BrokerAway, match=reason) as refusal, reachable(settings):
        connect(settings, patience=1).ping()
    done = publish(url, ca)

    assert proxy.received == b""
    assert "SWALLOW_REDIS_CA" in str(refusal.value)
    assert done.returncode == 1
    assert "certificate verify failed" in done.stderr
    password = url.partition("://:")[2].partition("@")[0]
    assert password not in str(refusal.value) + done.stderr


def test_without_a_setting_only_the_systems_authorities_are_trusted(
    behind_tls: Callable[[Certificate], TlsProxy], right: Certificate, valkey: str
) -> None:
    proxy = behind_tls(right)
    url = url_of(proxy, valkey)

    with pytest.raises(BrokerAway, match="SWALLOW_REDIS_CA"), reachable(Settings(redis_url=url)):
        connect(Settings(redis_url=url), patience=1).ping()

    assert publish(url, None).returncode == 1
    assert proxy.received == b""


def test_a_ca_without_tls_is_refused_because_nothing_would_be_verified(
    authority: Authority, valkey: str
) -> None:
    settings = Settings(redis_url=valkey, redis_ca=authority.certificate.file)

    with pytest.raises(SettingInvalid, match="write rediss:// for TLS"):
        connect(settings)
