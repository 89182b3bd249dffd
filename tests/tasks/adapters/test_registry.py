"""Choosing an adapter: checked first, fixed by its digest, copied to hosts that lack it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.adapters import shipping
from tasks.adapters.reference import adapter_name, reference
from tasks.adapters.registry import Registry
from tasks.adapters.shipping import COUNTS, Shipping
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tasks.settings import Settings
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.adapter import Adapter, read
from trainer.adapters.adapter_files import CONFIG, WEIGHTS
from trainer.errors import AdapterInUse, AdapterRefused, AdapterWorse


@pytest.fixture
def settings(tmp_path: Path, valkey: str) -> Settings:
    return Settings(home=tmp_path / "home", redis_url=valkey)


@pytest.fixture
def registry(settings: Settings, redis: Redis) -> Registry:
    Workers(redis).announce(Worker("a", ("answers",), "ready", model="tiny"))
    write_adapter(settings.home / "adapters" / "one", evaluation={"verdict": "better"})
    return Registry(settings, redis)


def ask(jobs: Jobs, id: str) -> str:
    jobs.create(id, "answer", destination={}, asked={})
    job = jobs.get(id)
    assert job is not None
    return job.adapter


def test_questions_keep_the_adapter_they_were_asked_with(registry: Registry, jobs: Jobs) -> None:
    before = ask(jobs, "before")
    adapter = registry.use("one")
    between = ask(jobs, "between")
    assert registry.off() == "one"

    assert before == ask(jobs, "after") == ""
    assert between == reference(adapter) == f"one@{adapter.digest}"
    assert adapter_name(between) == "one"


def test_a_list_says_which_is_in_use_and_what_is_wrong_with_the_rest(
    registry: Registry, settings: Settings
) -> None:
    (settings.home / "adapters" / "broken").mkdir()
    registry.use("one")

    broken, one = registry.all()

    assert "no readable adapter_config.json" in broken.problem
    assert (one.name, one.verdict, one.in_use) == ("one", "better", True)


@pytest.mark.parametrize("name", ["../../etc", "..", "", "a/b", "/", "x" * 65, "none", "<!here>"])
def test_a_name_that_is_none_or_nobodys_is_refused_and_changes_nothing(
    registry: Registry, name: str
) -> None:
    with pytest.raises(AdapterRefused):
        registry.use(name)

    assert registry.in_use == ""


def test_what_is_not_what_it_says_is_refused_and_changes_nothing(
    registry: Registry, settings: Settings
) -> None:
    adapters = settings.home / "adapters"
    write_adapter(adapters / "other", base_model="another-model")
    (adapters / "link").symlink_to(adapters / "one")
    shutil.copytree(adapters / "one", adapters / "pickle")
    (adapters / "pickle" / WEIGHTS).write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    shutil.copytree(adapters / "one", adapters / "huge")
    with (adapters / "huge" / WEIGHTS).open("ab") as file:
        file.truncate(1_000_000_000)
    shutil.copytree(adapters / "one", adapters / "inside")
    (adapters / "inside" / CONFIG).unlink()
    (adapters / "inside" / CONFIG).symlink_to("/etc/passwd")
    expected = {
        "other": "was trained on another-model and cannot be used with tiny",
        "link": "There is no adapter 'link'",
        "pickle": "is not safetensors",
        "huge": "1,000 MB and at most 700 MB",
        "inside": "no readable adapter_config.json",
    }
    for name, reason in expected.items():
        with pytest.raises(AdapterRefused) as caught:
            registry.use(name)
        assert reason in str(caught.value)

    assert registry.in_use == ""


def test_an_adapter_in_use_or_asked_with_is_not_removed(registry: Registry, jobs: Jobs) -> None:
    registry.use("one")
    ask(jobs, "a")
    with pytest.raises(AdapterRefused, match="is in use"):
        registry.remove("one")
    registry.off()
    with pytest.raises(AdapterRefused, match="still has questions"):
        registry.remove("one")
    jobs.cancel("a", "UADMIN")

    registry.remove("one")

    assert registry.all() == []


def test_an_adapter_in_use_in_a_channel_is_listed_with_it_and_neither_removed_nor_expired(
    registry: Registry, settings: Settings, redis: Redis
) -> None:
    write_adapter(settings.home / "adapters" / "two", seed=1)
    key = f"swallow:adapter-pieces:{registry.use('one', 'C1').digest}"
    registry.use("one")
    registry.use("two")

    one, two = registry.all()

    assert (one.in_use, one.channels) == (False, ("C1",))
    assert (two.in_use, two.channels) == (True, ())
    with pytest.raises(AdapterInUse, match="'one' is in use in C1; switch it off there first"):
        registry.remove("one")
    assert redis.ttl(key) == -1
    assert registry.off("C1") == "one"
    assert redis.ttl(key) > 0
    registry.remove("one")


def test_another_host_fetches_the_files_once_and_checks_them(
    registry: Registry, redis: Redis, valkey: str, tmp_path: Path
) -> None:
    adapter = registry.use("one")
    elsewhere = Registry(Settings(home=tmp_path / "elsewhere", redis_url=valkey), redis)

    folder = elsewhere.resolve(registry.in_use).path

    assert read(folder).digest == adapter.digest
    assert read(folder).about == adapter.about
    redis.delete(f"swallow:adapter-pieces:{adapter.digest}")
    assert elsewhere.resolve(registry.in_use).path == folder


def test_an_unchanged_adapter_is_not_hashed_again_for_a_second_question(
    registry: Registry, redis: Redis, valkey: str, tmp_path: Path, hashed: list[str]
) -> None:
    adapter = registry.use("one")
    elsewhere = Registry(Settings(home=tmp_path / "elsewhere", redis_url=valkey), redis)
    fetched = elsewhere.resolve(registry.in_use)
    assert hashed
    hashed.clear()

    assert registry.resolve(registry.in_use) == adapter
    assert elsewhere.resolve(registry.in_use) == fetched
    assert hashed == []


def test_weights_replaced_under_the_same_name_are_another_adapter(
    registry: Registry, settings: Settings
) -> None:
    adapter = registry.use("one")
    other = write_adapter(settings.home / "adapters" / "two", seed=1)

    (other / WEIGHTS).replace(adapter.path / WEIGHTS)

    resolved = registry.resolve(reference(adapter))  # fetched: what was published is unchanged
    assert resolved.digest == adapter.digest
    assert resolved.path != adapter.path
    assert registry.get("one").digest != adapter.digest


def test_fetched_files_that_were_damaged_are_fetched_again(
    registry: Registry, redis: Redis, valkey: str, tmp_path: Path
) -> None:
    adapter = registry.use("one")
    elsewhere = Registry(Settings(home=tmp_path / "elsewhere", redis_url=valkey), redis)
    weights = elsewhere.resolve(registry.in_use).path / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")

    assert elsewhere.resolve(registry.in_use).digest == adapter.digest


def test_a_host_keeps_the_adapters_it_fetched_last_and_fetches_others_again(
    registry: Registry, redis: Redis, valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "KEPT", 2)
    elsewhere = Registry(Settings(home=tmp_path / "elsewhere", redis_url=valkey), redis)
    asked, folders = [], []
    for seed, name in enumerate(("a", "b", "c")):
        write_adapter(tmp_path / "home" / "adapters" / name, seed=seed + 10)
        registry.use(name)
        asked.append(registry.in_use)
        folders.append(elsewhere.resolve(registry.in_use).path)

    assert [folder.exists() for folder in folders] == [False, True, True]
    assert elsewhere.resolve(asked[0]).path.exists()


def test_files_that_arrive_changed_are_refused_and_not_kept(
    registry: Registry, redis: Redis, valkey: str, tmp_path: Path
) -> None:
    adapter = registry.use("one")
    key = f"swallow:adapter-pieces:{adapter.digest}"
    weights = (adapter.path / WEIGHTS).read_bytes()
    raw: Any = Redis.from_url(valkey)
    raw.hset(key, f"{WEIGHTS}:0", weights[:-1] + b"\x00")
    elsewhere = Settings(home=tmp_path / "elsewhere", redis_url=valkey)

    with pytest.raises(AdapterRefused, match="arrived damaged"):
        Registry(elsewhere, redis).resolve(registry.in_use)

    raw.hset(key, "../../evil:0", weights)
    raw.hset(key, COUNTS, json.dumps({"../../evil": 1}))
    with pytest.raises(AdapterRefused, match="is not an adapter"):
        Registry(elsewhere, redis).resolve(registry.in_use)
    assert not list((elsewhere.cache / "adapters").glob("*/*"))


def test_an_adapter_trained_anew_under_its_old_name_is_not_the_old_one(
    registry: Registry, settings: Settings, redis: Redis
) -> None:
    old = registry.use("one")
    shutil.rmtree(old.path)
    write_adapter(old.path, seed=1)
    redis.delete(f"swallow:adapter-pieces:{old.digest}")

    with pytest.raises(AdapterRefused, match="not on this host any more"):
        Registry(settings, redis).resolve(reference(old))


def test_the_files_of_an_adapter_that_is_off_expire_and_those_in_use_do_not(
    registry: Registry, redis: Redis
) -> None:
    key = f"swallow:adapter-pieces:{registry.use('one').digest}"
    assert redis.ttl(key) == -1
    registry.off()
    assert 0 < int(str(redis.ttl(key))) <= 24 * 3600

    registry.use("one")

    assert redis.ttl(key) == -1


def test_an_adapter_without_a_file_of_ours_travels_too(
    registry: Registry, settings: Settings, redis: Redis, valkey: str, tmp_path: Path
) -> None:
    folder = write_adapter(settings.home / "adapters" / "foreign", seed=2)
    (folder / "swallow.json").unlink()
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == "tiny"
    registry.use("foreign")

    elsewhere = Registry(Settings(home=tmp_path / "elsewhere", redis_url=valkey), redis)

    assert read(elsewhere.resolve(registry.in_use).path).about == {}


def test_an_adapter_switched_off_by_another_while_it_is_put_in_use_does_not_expire(
    registry: Registry, settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Registry(settings, redis)
    adapter = registry.use("one")
    publish = Shipping.publish

    def published(shipping: Shipping, adapter: Adapter) -> None:
        publish(shipping, adapter)
        other.off()

    monkeypatch.setattr(Shipping, "publish", published)

    registry.use("one")

    assert redis.ttl(f"swallow:adapter-pieces:{adapter.digest}") == -1


def test_an_adapter_that_answers_worse_is_used_where_somebody_insists(
    registry: Registry, settings: Settings
) -> None:
    marks = {"corrections": 9, "learned": 9, "reworded": 9, "others": 10, "unchanged": 8}
    write_adapter(settings.home / "adapters" / "bad", exam=marks, evaluation={"verdict": "better"})

    with pytest.raises(AdapterWorse, match="--anyway"):
        registry.use("bad")
    assert registry.in_use == ""

    assert registry.use("bad", anyway=True).name == "bad"
