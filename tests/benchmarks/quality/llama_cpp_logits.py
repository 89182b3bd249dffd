"""llama.cpp's quantiser and logits: `python llama_cpp_logits.py GGUF FORMAT TOKENS LOGITS THREADS`.

Quantises the file GGUF to FORMAT beside it, reads every row of TOKENS (`.npy`, int64 [pieces,
tokens]) in a context of its own, writes the logits (`.npy`, float32 [pieces, tokens, vocabulary]),
and prints the path of the quantised file.
It runs with a Python that has llama-cpp-python, and imports nothing of this project.
"""

import ctypes
import sys
from typing import Any

import llama_cpp  # type: ignore[import-not-found]
import numpy as np

FORMATS = {
    "Q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
    "Q4_K_M": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
}


def main(file: str, format: str, tokens: str, logits: str, threads: str) -> None:
    """Quantise, write the logits, and say where the file is."""
    quantised = f"{file}-{format}"
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = FORMATS[format], int(threads)
    code = llama_cpp.llama_model_quantize(file.encode(), quantised.encode(), ctypes.byref(params))
    assert code == 0, code
    ids = np.load(tokens)
    model = llama_cpp.llama_model_load_from_file(
        quantised.encode(), llama_cpp.llama_model_default_params()
    )
    vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    shape = (*ids.shape, vocabulary)
    out = np.lib.format.open_memmap(logits, "w+", np.float32, shape)
    context = _context(model, ids.shape[1], int(threads))
    for row, piece in enumerate(ids):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        out[row] = _logits(context, piece, vocabulary)
    out.flush()
    sys.stdout.write(f"{quantised}\n")


def _context(model: Any, tokens: int, threads: int) -> Any:
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = tokens
    params.n_threads = params.n_threads_batch = threads
    return llama_cpp.llama_init_from_model(model, params)


def _logits(context: Any, ids: Any, vocabulary: int) -> Any:
    """Return the logits [tokens, vocabulary] that follow each of `ids` [tokens]."""
    batch: Any = llama_cpp.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for index, id in enumerate(ids):
        batch.token[index], batch.pos[index] = int(id), index
        batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
        batch.logits[index] = 1
    code = llama_cpp.llama_decode(context, batch)
    assert code == 0, code
    pointer = llama_cpp.llama_get_logits(context)
    rows = np.ctypeslib.as_array(pointer, (len(ids), vocabulary)).copy()
    llama_cpp.llama_batch_free(batch)
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:])
