"""How long questions of different adapters wait for each other in the fast engine.

    python -m tests.benchmarks.adapters_in_turn [--tokens N] [--model M]

Eight questions are asked a tenth of a second apart: all with one adapter, then with two in turn, as
from two channels. Then one question with the second adapter while questions with the first keep
coming, which without a limit would never end. Every answer has the same length; it is compared with
what the same adapter answers when it is asked alone. Printed are the seconds from each question to
its first token and to its end.
"""

import argparse
import json
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.protocol import Question, Sampling
from tests.tasks.engines.openvino.adapters import write_random_adapter
from trainer.adapters.adapter import Adapter, read
from trainer.base_model.source import find

APART_SECONDS = 0.1
TOPICS = ("tea", "rice", "jazz", "Rome", "whales", "steel", "chess", "sleep")
STREAM_SECONDS = 45.0
"""How long questions with the first adapter keep coming: twice the limit of overtaking."""


class Asker:
    """Asks the engine, and remembers what each adapter answered."""

    def __init__(self, engine: OpenVinoEngine, tokens: int) -> None:
        self.engine = engine
        self.tokens = tokens
        self.answers: dict[tuple[str, str], set[str]] = {}

    def ask(self, topic: str, adapter: Adapter, tokens: int | None = None) -> dict[str, Any]:
        """Ask one question; returns its times in seconds."""
        pieces: list[str] = []
        sampling = Sampling(tokens or self.tokens)
        question = Question(f"What is {topic}?", sampling=sampling, adapter=adapter)
        answer = self.engine.answer(question, pieces.append, lambda: False)
        if tokens is None:
            self.answers.setdefault((adapter.name, topic), set()).add("".join(pieces))
        return {
            "adapter": adapter.name,
            "first": round(answer.first_token_seconds, 2),
            "end": round(answer.seconds, 2),
        }

    def together(self, adapters: list[Adapter]) -> list[dict[str, Any]]:
        """Ask eight questions a moment apart, with the adapters in turn."""
        with ThreadPoolExecutor(len(TOPICS)) as pool:
            asked = []
            for number, topic in enumerate(TOPICS):
                asked.append(pool.submit(self.ask, topic, adapters[number % len(adapters)]))
                time.sleep(APART_SECONDS)
            return [each.result() for each in asked]

    def against_a_stream(self, one: Adapter, other: Adapter) -> dict[str, Any]:
        """Ask one question with `other` while four at a time are asked with `one`."""
        end = time.monotonic() + STREAM_SECONDS
        lengths = iter(range(64, 10_000, 37))  # so that they do not all end together
        lock = threading.Lock()

        def keep_asking() -> None:
            while time.monotonic() < end:
                with lock:
                    length = next(lengths)
                self.ask("bread", one, 200 + length % 200)

        with ThreadPoolExecutor(5) as pool:
            for _ in range(4):
                pool.submit(keep_asking)
            time.sleep(2)
            return pool.submit(self.ask, "tea", other).result()


def main() -> None:
    """Measure, and print one JSON object a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--model")
    options = parser.parse_args()
    source = find(options.model)
    with tempfile.TemporaryDirectory() as folder:
        engine = OpenVinoEngine(source, cache=Path(folder) / "cache")
        linears = engine.generator.spec.linears
        adapters = [
            read(write_random_adapter(Path(folder) / name, linears, seed, base=source.name))
            for seed, name in enumerate(("one", "two"))
        ]
        asker = Asker(engine, options.tokens)
        for adapter in adapters:  # alone, which also warms up
            for topic in TOPICS:
                asker.ask(topic, adapter)
        for name, used in (("one adapter", adapters[:1]), ("two in turn", adapters)):
            times = asker.together(used)
            whole = max(number * APART_SECONDS + each["end"] for number, each in enumerate(times))
            print(json.dumps({name: {"all": times, "whole": round(whole, 2)}}), flush=True)
        print(json.dumps({"against a stream": asker.against_a_stream(*adapters)}), flush=True)
        own = sum(len(answers) == 1 for answers in asker.answers.values())
        print(json.dumps({"always the same answer": f"{own} of {len(asker.answers)}"}))
        engine.close()


if __name__ == "__main__":
    main()
