"""llama.cpp with a LoRA: `python llama_cpp_lora.py MODEL ADAPTER THREADS`, with its own Python.

Standard input holds one JSON object: `prompts`, lists of token ids, `stop`, the ids that end an
answer, and `tokens`, how many there may be. Prints one list of greedy ids a line, for each prompt.
It needs the package llama-cpp-python and imports nothing of this project.
"""

import ctypes
import json
import sys
from typing import Any

import llama_cpp  # type: ignore[import-not-found]
import numpy as np

CONTEXT = 1024
F32 = 0
"""ggml's number of the type; llama.cpp's own choice for keys and values would be half of it."""


class Llama:
    """One model with one adapter; an empty `adapter` is the model alone."""

    def __init__(self, file: str, adapter: str, threads: int) -> None:
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(
            file.encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = CONTEXT
        params.n_threads = params.n_threads_batch = threads
        params.type_k = params.type_v = F32
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(
            llama_cpp.llama_model_get_vocab(self.model)
        )
        if adapter:
            loaded = llama_cpp.llama_adapter_lora_init(self.model, adapter.encode())
            assert loaded, "llama.cpp does not load the adapter"
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(loaded)
            scales = (ctypes.c_float * 1)(1.0)
            assert not llama_cpp.llama_set_adapters_lora(self.context, adapters, 1, scales)

    def answer(self, prompt: list[int], stop: list[int], tokens: int) -> list[int]:
        """Return the greedy ids that follow `prompt`, up to and without one of `stop`."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        id, ids = self._next(prompt, 0), list[int]()
        while id not in stop and len(ids) < tokens:
            ids.append(id)
            id = self._next([id], len(prompt) + len(ids) - 1)
        return ids

    def _next(self, ids: list[int], position: int) -> int:
        batch: Any = llama_cpp.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for index, id in enumerate(ids):
            batch.token[index], batch.pos[index] = id, position + index
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
            batch.logits[index] = int(index == len(ids) - 1)
        code = llama_cpp.llama_decode(self.context, batch)
        assert code == 0, code
        logits = llama_cpp.llama_get_logits_ith(self.context, len(ids) - 1)
        likeliest = int(np.ctypeslib.as_array(logits, (self.vocabulary,)).argmax())
        llama_cpp.llama_batch_free(batch)
        return likeliest


def main() -> None:
    """Answer every prompt."""
    llama = Llama(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    asked = json.load(sys.stdin)
    for prompt in asked["prompts"]:
        ids = llama.answer(prompt, asked["stop"], asked["tokens"])
        sys.stdout.write(f"{json.dumps(ids)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
