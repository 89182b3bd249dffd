"""The adapters people may choose from: those of this home, put in use and removed.

`reference` names an adapter's content, `files` reads it, `in_use` says where it answers, `shipping`
copies it between hosts. This module knows no engine and no Slack.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from tasks.adapters.files import AdapterFiles
from tasks.adapters.in_use import AdaptersInUse
from tasks.adapters.reference import adapter_name, name_and_digest, reference
from tasks.adapters.shipping import Shipping
from tasks.broker.disk.flush import flush
from tasks.broker.job import JobState
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Workers, answering
from tasks.settings import Settings
from trainer.adapters.adapter import Adapter, check_base
from trainer.adapters.names import folder_of, is_adapter_name
from trainer.errors import AdapterInUse, AdapterRefused, AdapterWorse
from trainer.exam.result import overall_verdict


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
    """Whether it answers by default, where a channel has no adapter of its own."""
    channels: tuple[str, ...] = ()
    """The channels whose own adapter it is."""


class Registry:
    """The adapters of one home; which of them are in use the broker knows, for all hosts."""

    def __init__(self, settings: Settings, redis: Redis | None) -> None:
        self._settings = settings
        # Without a broker, adapters can still be listed and removed.
        self._broker = redis
        self._files = AdapterFiles()
        self._shipping = Shipping(settings)

    @property
    def in_use(self) -> str:
        """The reference that new questions get by default; empty for the base model."""
        return "" if self._broker is None else AdaptersInUse(self._redis).default()

    @property
    def channels(self) -> dict[str, str]:
        """The references that new questions get in channels with an adapter of their own."""
        return {} if self._broker is None else AdaptersInUse(self._redis).by_channel()

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

    def use(self, name: str, channel: str = "", *, anyway: bool = False) -> Adapter:
        """Put `name` in use for every new question, or for those of one channel.

        A channel's own adapter goes before the one for all.

        Raises:
            AdapterWorse: it answers worse than the base model, and not `anyway`; nothing changes.
            AdapterRefused: it cannot be used with the model that answers now; nothing changes.
        """
        if not anyway and verdict_of(self.get(name)) == "worse":
            raise AdapterWorse(name)
        adapter = self._publish(name)
        before = AdaptersInUse(self._redis).set(reference(adapter), channel)
        if self._settings.redis_url:
            self._shipping.keep(adapter.digest)  # it may have been switched off since it was sent
        self._expire_unused(before)
        flush(self._redis)
        return adapter

    def offer(self, name: str) -> Adapter:
        """Publish `name` for questions that name it although it is not in use, for a comparison.

        Raises:
            AdapterRefused: it cannot be used with the model that answers now.
        """
        adapter = self._publish(name)
        self._expire_unused(reference(adapter))
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

    def off(self, channel: str = "") -> str:
        """Answer new questions with the base model; returns the name that was in use.

        With a channel, its own adapter is taken back: the one for all answers there again.
        """
        before = AdaptersInUse(self._redis).clear(channel)
        self._expire_unused(before)
        flush(self._redis)
        return adapter_name(before)

    def all(self) -> list[ListedAdapter]:
        """Return the adapters of this home by name, those that cannot be used among them."""
        folder = self._settings.home / "adapters"
        in_use, channels = self.in_use, self.channels
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return [self._listed(folder / name, in_use, channels) for name in names if name[0] != "."]

    def remove(self, name: str) -> None:
        """Delete an adapter of this home for good.

        Raises:
            AdapterInUse: it answers by default, or in a channel.
            AdapterRefused: it is missing, or named by a question that is not answered yet.
        """
        adapter = self.get(name)
        if adapter_name(self.in_use) == name:
            raise AdapterInUse(name)
        if channels := [id for id, used in self.channels.items() if adapter_name(used) == name]:
            raise AdapterInUse(name, channels)
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

    def _expire_unused(self, before: str) -> None:
        """Let the published files of `before` expire, unless it is in use somewhere."""
        if not before or not self._settings.redis_url:
            return
        in_use, digest = AdaptersInUse(self._redis), name_and_digest(before)[1]
        if before not in in_use.references():
            self._shipping.expire(digest, self._settings.keep_ms)
            if before in in_use.references():  # somebody has put it in use meanwhile
                self._shipping.keep(digest)

    def _listed(self, path: Path, in_use: str, channels: Mapping[str, str]) -> ListedAdapter:
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
            channels=tuple(id for id, used in channels.items() if used == reference(adapter)),
        )


def verdict_of(adapter: Adapter) -> str:
    """Return the verdict over exam and held-out rows; empty where there was no evaluation."""
    return overall_verdict(adapter.about)
