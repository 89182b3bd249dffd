"""The small model in this process: its own answers, and what held-out rows say of an adapter."""

from collections.abc import Sequence
from pathlib import Path

from peft import PeftModel

from tests.benchmarks.verdict.cases import Row
from trainer.base_model.load import load_model
from trainer.base_model.source import find
from trainer.base_model.tokenizer import load_tokenizer
from trainer.data.encoding import Encoded, encode_rows
from trainer.data.rows import Row as DataRow
from trainer.evaluation import measure
from trainer.evaluation.greedy_answers import Question, greedy_answers
from trainer.evaluation.verdict import judge
from trainer.prompts.templates import choose_style

ANSWER_TOKENS = 48
CUTOFF = 256


class Base:
    """The model and its tokenizer, loaded once."""

    def __init__(self) -> None:
        source = find(None)
        self._model, self._tokenizer = load_model(source), load_tokenizer(source)
        self._style = choose_style(self._tokenizer)

    def answers(self, rows: Sequence[Row]) -> list[str]:
        """Return the greedy answer to each row's question; never an empty one."""
        asked = [Question(row["instruction"], row["input"], ANSWER_TOKENS) for row in rows]
        given = greedy_answers(self._model, self._tokenizer, self._style, asked)
        return [answer or "…" for answer in given]

    def verdict(self, adapter: Path, rows: Sequence[Row]) -> str:
        """Return the verdict over `adapter` on `rows`."""
        encoded = self._encoded(rows)
        limit = 4 * CUTOFF
        before = measure.losses(self._model, encoded, limit=limit, share=True)
        adapted = PeftModel.from_pretrained(self._model, str(adapter))
        after = measure.losses(adapted, encoded, limit=limit, share=True)
        self._model = adapted.unload()
        tokens = measure.response_tokens(encoded)
        return judge(
            before, after, tokens, measure.response_bytes(encoded, self._tokenizer)
        ).verdict

    def _encoded(self, rows: Sequence[Row]) -> list[Encoded]:
        data = [DataRow(row["instruction"], row["input"], row["output"]) for row in rows]
        return encode_rows(self._style, self._tokenizer, data, cutoff=CUTOFF).rows
