"""The adapters people may choose from: those of this home, which one is in use, and its files.

A question is asked with a *reference*, `name@digest`, fixed when it was asked, so that an adapter
removed and trained anew under its old name is never mistaken for the old one. Files travel to other
hosts through `shipping`. This module knows no engine and no Slack.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from redis import Redis

from tasks.adapters.shipping import Shipping
from tasks.broker.job import Job
from tasks.broker.jobs import ADAPTER, Jobs
from tasks.broker.workers import Workers, answering
from tasks.settings import Settings
from trainer.adapters.adapter import Adapter, check_base, read
from trainer.adapters.adapter_files import WEIGHTS
from trainer.adapters.names import folder_of, is_adapter_name
from trainer.errors import AdapterInUse, AdapterRefused


def reference(adapter: Adapter) -> str:
    """Return what a question is asked with to get exactly this adapter."""
    return f"{adapter.name}@{adapter.digest}"


def shown(reference: str) -> str:
    """Return the name in a reference, as people know it."""
    return reference.partition("@")[0]


@dataclass(frozen=True)
class Listed:
    """An adapter in a list; with a `problem` it cannot be used and the rest is empty."""

    name: str
    problem: str = ""
    base_model: str = ""
    rank: int = 0
    verdict: str = ""
    date: str = ""
    in_use: bool = False


class Registry:
    """The adapters of one home, and the broker's word on which is in use."""

    def __init__(self, settings: Settings, redis: Redis | None) -> None:
        self._settings = settings
        # Without a broker there is a home all the same: its adapters can be listed and removed.
        self._broker = redis
        self._shipping = Shipping(settings)
        self._checked: dict[str, tuple[Path, tuple[int, int]]] = {}

    @property
    def in_use(self) -> str:
        """The reference new questions are asked with, empty for none."""
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
            AdapterRefused: the name may not be one, or the adapter is not there or unsafe.
        """
        if not is_adapter_name(name):
            raise AdapterRefused(f"{name[:80]!r} is not the name of an adapter.")
        return read(folder_of(name, self._settings.home))

    def use(self, name: str) -> Adapter:
        """Ask every new question with `name` from now on.

        Raises:
            AdapterRefused: it cannot be used with the model that answers now; nothing changes.
        """
        adapter = self._checked_and_published(name)
        before = self.in_use
        self._redis.set(ADAPTER, reference(adapter))
        self._retire(before, reference(adapter))
        return adapter

    def offer(self, name: str) -> Adapter:
        """Make `name` ready for questions that are asked with it although it is not in use.

        Raises:
            AdapterRefused: it cannot be used with the model that answers now.
        """
        adapter = self._checked_and_published(name)
        self._retire(reference(adapter), self.in_use)
        return adapter

    def _checked_and_published(self, name: str) -> Adapter:
        adapter = self.get(name)
        for model in self._models():
            check_base(adapter, model)
        if self._settings.redis_url:  # the embedded broker serves this home alone
            self._shipping.publish(adapter)
        return adapter

    def off(self) -> str:
        """Ask new questions without an adapter; returns the name that was in use."""
        before = cast(str | None, self._redis.getdel(ADAPTER)) or ""
        self._retire(before, "")
        return shown(before)

    def all(self) -> list[Listed]:
        """Return the adapters of this home by name, also those that cannot be used."""
        folder = self._settings.home / "adapters"
        in_use = self.in_use
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return [self._listed(folder / name, in_use) for name in names if name[0] != "."]

    def remove(self, name: str) -> None:
        """Delete an adapter of this home for good.

        Raises:
            AdapterRefused: it is not there, in use, or a question that waits was asked with it.
        """
        adapter = self.get(name)
        if shown(self.in_use) == name:
            raise AdapterInUse(name)
        if any(shown(job.adapter) == name for job in self._open_questions()):
            raise AdapterRefused(
                f"The adapter {name!r} still has questions to answer; try again when they are."
            )
        # Out of sight at once: a removal that is interrupted leaves nothing that looks usable.
        aside = adapter.path.with_name(f".{name}.{os.getpid()}.removed")
        adapter.path.rename(aside)
        shutil.rmtree(aside)

    def folder(self, reference: str) -> Path:
        """Return a folder on this host with exactly the files of `reference`.

        Raises:
            AdapterRefused: they are not here, not what they were, and nobody published them.
        """
        name, _, digest = reference.partition("@")
        known = self._checked.get(reference)
        if known and known[1] == _stamp(known[0]):
            return known[0]
        folder = self._own(name, digest) or self._shipping.fetch(name, digest)
        self._checked[reference] = (folder, _stamp(folder))
        return folder

    def _own(self, name: str, digest: str) -> Path | None:
        try:
            adapter = self.get(name)
        except AdapterRefused:
            return None
        return adapter.path if adapter.digest == digest else None

    def _open_questions(self) -> list[Job]:
        if self._broker is None:
            return []
        return Jobs(self._broker, keep_ms=1, queue_limit=1).open("answer")

    def _models(self) -> set[str]:
        return {worker.model for worker in answering(Workers(self._redis).all()) if worker.model}

    def _retire(self, before: str, now: str) -> None:
        if before and before != now and self._settings.redis_url:
            self._shipping.expire(before.partition("@")[2], self._settings.keep_ms)

    def _listed(self, path: Path, in_use: str) -> Listed:
        try:
            found = read(path)
        except AdapterRefused as error:
            return Listed(path.name, problem=str(error))
        return Listed(
            path.name,
            base_model=found.base_model,
            rank=found.rank,
            verdict=verdict_of(found),
            date=str(found.about.get("date", "")),
            in_use=reference(found) == in_use,
        )


def verdict_of(adapter: Adapter) -> str:
    """Return what the evaluation found, empty where there was none."""
    evaluation: Any = adapter.about.get("evaluation")
    return str(evaluation.get("verdict", "")) if isinstance(evaluation, dict) else ""


def _stamp(folder: Path) -> tuple[int, int]:
    """Return what changes with the weights' file, or zeros where it is gone."""
    try:
        found = (folder / WEIGHTS).lstat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
