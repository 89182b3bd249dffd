"""The adapters people may choose from: those of this home, and which one is in use.

`reference` names an adapter's content, `files` reads it, `shipping` copies it between hosts. This
module knows no engine and no Slack.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from redis import Redis

from tasks.adapters.files import AdapterFiles
from tasks.adapters.reference import adapter_name, name_and_digest, reference
from tasks.adapters.shipping import Shipping
from tasks.broker.disk.flush import flush
from tasks.broker.job import JobState
from tasks.broker.jobs import ADAPTER, Jobs
from tasks.broker.workers import Workers, answering
from tasks.settings import Settings
from trainer.adapters.adapter import Adapter, check_base
from trainer.adapters.names import folder_of, is_adapter_name
from trainer.errors import AdapterInUse, AdapterRefused


@dataclass(frozen=True)
class ListedAdapter:
    """One line of the list of adapters; with a `problem` it cannot be used, and the other fields
    are empty."""

    name: str
    problem: str = ""
    base_model: str = ""
    rank: int = 0
    verdict: str = ""
    date: str = ""
    in_use: bool = False


class Registry:
    """The adapters of one home; which one is in use is a key in the broker, for all hosts."""

    def __init__(self, settings: Settings, redis: Redis | None) -> None:
        self._settings = settings
        # Without a broker, adapters can still be listed and removed.
        self._broker = redis
        self._files = AdapterFiles()
        self._shipping = Shipping(settings)

    @property
    def in_use(self) -> str:
        """The reference that new questions get; empty for the base model."""
        if self._broker is None:
            return ""
        return cast(str | None, self._redis.get(ADAPTER)) or ""

    @property
    def _redis(self) -> Redis:
        if self._broker is None:
            raise RuntimeError("this registry has no broker")
        return self._broker

    def get(self, name: str) -> Adapter:
        """Return the adapter `name` of this home, its files checked.

        Raises:
            AdapterRefused: the name is not allowed, or the adapter is missing or unsafe.
        """
        return self._files.read(self._folder(name))

    def _folder(self, name: str) -> Path:
        if not is_adapter_name(name):
            raise AdapterRefused(f"{name[:80]!r} is not the name of an adapter.")
        return folder_of(name, self._settings.home)

    def use(self, name: str) -> Adapter:
        """Put `name` in use: every new question is answered with it.

        Raises:
            AdapterRefused: it cannot be used with the model that answers now; nothing changes.
        """
        adapter = self._publish(name)
        before = self.in_use
        self._redis.set(ADAPTER, reference(adapter))
        if self._settings.redis_url:
            self._shipping.keep(adapter.digest)  # it may have been switched off since it was sent
        self._expire_replaced(before, reference(adapter))
        flush(self._redis)
        return adapter

    def offer(self, name: str) -> Adapter:
        """Publish `name` for questions that name it although it is not in use, for a comparison.

        Raises:
            AdapterRefused: it cannot be used with the model that answers now.
        """
        adapter = self._publish(name)
        self._expire_replaced(reference(adapter), self.in_use)
        return adapter

    def _publish(self, name: str) -> Adapter:
        """Check that one of the models that answer now can use `name`, and publish it."""
        adapter = self.get(name)
        models = self._models()
        if adapter.trained_on not in models:  # hosts may have different models; one is enough
            for model in models:
                check_base(adapter, model)
        if self._settings.redis_url:  # the embedded broker serves this host alone
            self._shipping.publish(adapter)
        return adapter

    def off(self) -> str:
        """Answer new questions with the base model; returns the name that was in use."""
        before = cast(str | None, self._redis.getdel(ADAPTER)) or ""
        self._expire_replaced(before, "")
        flush(self._redis)
        return adapter_name(before)

    def all(self) -> list[ListedAdapter]:
        """Return the adapters of this home by name, those that cannot be used among them."""
        folder = self._settings.home / "adapters"
        in_use = self.in_use
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return [self._listed(folder / name, in_use) for name in names if name[0] != "."]

    def remove(self, name: str) -> None:
        """Delete an adapter of this home for good.

        Raises:
            AdapterRefused: it is missing, in use, or named by a question that is not answered yet.
        """
        adapter = self.get(name)
        if adapter_name(self.in_use) == name:
            raise AdapterInUse(name)
        if any(adapter_name(job.adapter) == name for job in self._open_questions()):
            raise AdapterRefused(
                f"The adapter {name!r} still has questions to answer; try again when they are."
            )
        # Renamed first, so that an interrupted removal leaves no folder that looks usable.
        aside = adapter.path.with_name(f".{name}.{os.getpid()}.removed")
        adapter.path.rename(aside)
        shutil.rmtree(aside)

    def resolve(self, reference: str) -> Adapter:
        """Return the adapter that `reference` names, fetched from the broker if need be.

        Raises:
            AdapterRefused: this host does not have that content, and nobody published it.
            NotWritable: there is no room to fetch it.
        """
        name, digest = name_and_digest(reference)
        for folder in (self._folder(name), self._shipping.folder(name, digest)):
            adapter = self._read_as(folder, digest)
            if adapter is not None:
                return adapter
        return self._files.read(self._shipping.fetch(name, digest))

    def _read_as(self, folder: Path, digest: str) -> Adapter | None:
        """Return the adapter in `folder`, or None where it is not whole or has another digest."""
        try:
            adapter = self._files.read(folder)
        except AdapterRefused:
            return None
        return adapter if adapter.digest == digest else None

    def _open_questions(self) -> list[JobState]:
        if self._broker is None:
            return []
        return Jobs(self._broker, keep_ms=1, queue_limit=1).open_states("answer")

    def _models(self) -> set[str]:
        return {worker.model for worker in answering(Workers(self._redis).all()) if worker.model}

    def _expire_replaced(self, before: str, now: str) -> None:
        """Let the published files of `before` expire, unless `now` is the same reference."""
        if before and before != now and self._settings.redis_url:
            self._shipping.expire(name_and_digest(before)[1], self._settings.keep_ms)

    def _listed(self, path: Path, in_use: str) -> ListedAdapter:
        try:
            adapter = self._files.read(path)
        except AdapterRefused as error:
            return ListedAdapter(path.name, problem=str(error))
        return ListedAdapter(
            path.name,
            base_model=adapter.base_model,
            rank=adapter.rank,
            verdict=verdict_of(adapter),
            date=str(adapter.about.get("date", "")),
            in_use=reference(adapter) == in_use,
        )


def verdict_of(adapter: Adapter) -> str:
    """Return the verdict of the evaluation after the training; empty where there was none."""
    evaluation: Any = adapter.about.get("evaluation")
    return str(evaluation.get("verdict", "")) if isinstance(evaluation, dict) else ""
