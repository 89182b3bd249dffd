"""Whether an exported adapter answers elsewhere as here: in llama.cpp, and merged in transformers.

    python -m tests.benchmarks.export --llama-python PYTHON [--questions N] [--tokens N]

Trains an adapter of every projection on twenty rows with the small model, exports it as GGUF and
merged, writes the base model as GGUF in float32, and asks all sides the same questions greedily.
The reference is the base in float32 with the adapter applied by PEFT. PYTHON is one that has the
package llama-cpp-python. Prompts are rendered and tokenised here, and token ids are compared: how
many answers are the same, and where the others begin to differ.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.protocol import Question, Sampling
from tasks.exchange.gguf_adapter import export_gguf
from tasks.exchange.merged import export_merged
from tests.benchmarks.agreement import QUESTIONS, TOPICS
from tests.benchmarks.quality.gguf_file import write_gguf
from trainer.adapters.adapter import PROJECTIONS, Adapter, read
from trainer.base_model.source import SMALL_MODEL, Source, find, local_folder
from trainer.base_model.tokenizer import load_tokenizer
from trainer.prompts.templates import choose_style

CONTEXT = 1024
FEW = 10
"""Questions that the base is asked without the adapter, to see that it answers otherwise."""
Ids = list[list[int]]


def trained(home: Path) -> Adapter:
    """Train an adapter of every projection, so short that it is seconds, and yet it answers
    otherwise than the base."""
    rows = home / "rows.jsonl"
    rows.write_text("".join(f"{json.dumps(_row(topic))}\n" for topic in TOPICS), "utf-8")
    options = {
        "--data-path": str(rows),
        "--output-dir": "learned",
        "--lora-target-modules": ",".join(PROJECTIONS),
        "--learning-rate": "3e-3",
        "--num-epochs": "3",
        "--batch-size": "4",
        "--val-set-size": "0",
        "--home": str(home),
    }
    arguments = [part for option in options.items() for part in option]
    subprocess.run([sys.executable, "-m", "trainer", *arguments], check=True, stdout=sys.stderr)
    return read(home / "adapters" / "learned")


def _row(topic: str) -> dict[str, str]:
    return {
        "instruction": f"Tell me about {topic}.",
        "output": f"In short: {topic} is worth a long walk. Ask a friend about {topic} too.",
    }


class Asked:
    """The questions as token ids, for the adapter's prompt style."""

    def __init__(self, source: Source, cache: Path, adapter: Adapter, options: Any) -> None:
        self.tokenizer = load_tokenizer(source, cache=cache)
        self.style = choose_style(self.tokenizer, adapter.style)
        self.stop = self.style.stop_ids(self.tokenizer)
        self.tokens = options.tokens
        self.questions = QUESTIONS[: options.questions]
        self.prompts = [
            list(self.question(text).prompt(self.style, self.tokenizer, CONTEXT).ids)
            for text in self.questions
        ]

    def question(self, text: str, adapter: Adapter | None = None) -> Question:
        """Return a greedy question."""
        return Question(text, sampling=Sampling(self.tokens), adapter=adapter)

    def of_transformers(self, model: Any, questions: int | None = None) -> Ids:
        """Return the ids that a model of transformers generates, for all questions or the first."""
        return [self._generated(model.eval(), prompt) for prompt in self.prompts[:questions]]

    def of_llama_cpp(self, python: str, model: Path, adapter: Path | str) -> Ids:
        """Return the ids that llama.cpp generates, in a process with another Python."""
        script = Path(__file__).with_name("llama_cpp_lora.py")
        asked = {"prompts": self.prompts, "stop": self.stop, "tokens": self.tokens}
        done = subprocess.run(
            [python, str(script), str(model), str(adapter), str(os.cpu_count())],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return [json.loads(line) for line in done.stdout.splitlines()]

    def of_fast_engine(self, source: Source, cache: Path, adapter: Adapter) -> list[str]:
        """Return the texts that the fast engine answers, four at a time."""
        engine = OpenVinoEngine(source, cache=cache)

        def one(text: str) -> str:
            pieces: list[str] = []
            engine.answer(self.question(text, adapter), pieces.append, lambda: False)
            return "".join(pieces)

        with ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(one, self.questions))
        engine.close()
        return texts

    def texts(self, ids: Ids) -> list[str]:
        """Return answers as text."""
        return [str(self.tokenizer.decode(each)) for each in ids]

    def _generated(self, model: Any, prompt: list[int]) -> list[int]:
        ids = torch.tensor([prompt])
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=self.tokens,
                eos_token_id=self.stop,
                pad_token_id=self.stop[0],
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
            )
        new: list[int] = output[0, len(prompt) :].tolist()
        return new[:-1] if new and new[-1] in self.stop else new


def report(what: str, wanted: list[Any], found: list[Any]) -> None:
    """Print how many answers are the same, and where the others part."""
    parts = {
        number: next((i for i, (a, b) in enumerate(zip(*each, strict=False)) if a != b), -1)
        for number, each in enumerate(zip(wanted, found, strict=True))
        if each[0] != each[1]
    }
    same = f"{len(wanted) - len(parts)} of {len(wanted)}"
    print(json.dumps({what: {"same": same, "others part at": parts}}), flush=True)


def main() -> None:
    """Train, export, ask all sides, and print what is the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--llama-python", required=True)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=48)
    options = parser.parse_args()
    source = find(SMALL_MODEL)
    with tempfile.TemporaryDirectory() as folder:
        home, cache = Path(folder), Path(folder) / "cache"
        adapter = trained(home)
        files = {"adapter": home / "learned.gguf", "base": home / "base.gguf"}
        export_gguf(adapter, source, files["adapter"], cache=cache, progress=lambda *_: None)
        export_merged(adapter, source, home / "merged", cache=cache, progress=lambda *_: None)
        base_folder = local_folder(source, cache=cache)
        write_gguf(base_folder, files["base"])
        asked = Asked(source, cache, adapter, options)
        base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32)
        alone = asked.of_transformers(base, FEW)
        wanted = asked.of_transformers(PeftModel.from_pretrained(base, str(adapter.path)))
        report("the base itself", wanted[:FEW], alone)
        report(
            "the adapter in llama.cpp",
            wanted,
            asked.of_llama_cpp(options.llama_python, files["base"], files["adapter"]),
        )
        merged = AutoModelForCausalLM.from_pretrained(home / "merged", dtype=torch.float32)
        report("merged in transformers", wanted, asked.of_transformers(merged))
        texts = asked.of_fast_engine(source, cache, adapter)
        report("the fast engine", asked.texts(wanted), texts)


if __name__ == "__main__":
    main()
