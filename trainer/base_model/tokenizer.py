"""A base model's tokenizer: loading it, and naming the file that is missing or broken.

transformers reports a missing tokenizer file in words that name no file, and gives a Llama
tokenizer without its files an empty vocabulary. It does not know prompts.
"""

import json
from pathlib import Path
from typing import Any

from trainer.base_model.load import from_pretrained
from trainer.base_model.source import (
    OTHER_VOCABULARIES,
    VOCABULARIES,
    Source,
    config_folder,
)
from trainer.errors import ModelMissing
from trainer.prompts.templates import Tokenizer


def load_tokenizer(source: Source, *, cache: Path | None = None) -> Tokenizer:
    """Load the tokenizer of `source`.

    Raises:
        ModelMissing: its files are not on this machine and could not be fetched, or one of them is
            missing or broken; then the message names that file.
    """
    from transformers import AutoTokenizer

    if source.gguf:
        return from_pretrained(AutoTokenizer, source, cache)
    if Path(source.path).is_dir():
        check_tokenizer(Path(source.path), source.name)
        return from_pretrained(AutoTokenizer, source, cache)
    try:
        tokenizer = from_pretrained(AutoTokenizer, source, cache)
    except ModelMissing as error:
        if not isinstance(error.__cause__, OSError):  # that is a network or disk that failed
            _check_fetched(source)
        raise
    _check_fetched(source)
    return tokenizer


def check_tokenizer(folder: Path, model: str) -> None:
    """Make sure that `folder` holds a readable tokenizer of the model called `model`.

    Nothing is loaded, so that this is cheap enough to come before a conversion of minutes.

    Raises:
        ModelMissing: a file is missing or broken; the message names it.
    """
    names = (*VOCABULARIES, *OTHER_VOCABULARIES)
    if not any(next(folder.glob(name), None) for name in names):
        raise ModelMissing(
            f"The model {model} could not be loaded, it has no tokenizer: "
            f"neither {' nor '.join(VOCABULARIES)} is in {folder}; "
            "copy it from the original model."
        )
    json_file, sentencepiece_file = (folder / name for name in VOCABULARIES)
    if json_file.is_file():
        content = _json_object(json_file, model)
        kind = content.get("model")
        if not isinstance(kind, dict) or not kind.get("vocab") or "added_tokens" not in content:
            raise _broken(json_file, model, "it holds no vocabulary")
    elif sentencepiece_file.is_file():
        _check_sentencepiece(sentencepiece_file, model)
    elif (folder / "vocab.json").is_file() and not (folder / "merges.txt").is_file():
        _check_has_own_merges(folder, model)
    if (folder / "tokenizer_config.json").is_file():
        _json_object(folder / "tokenizer_config.json", model)


def chat_template_in(folder: Path) -> str:
    """Return the chat template in a model's folder; empty where there is none, or none readable.

    Nothing is loaded.
    """
    try:
        if (folder / "chat_template.jinja").is_file():
            return (folder / "chat_template.jinja").read_text("utf-8")
        config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        return str(config.get("chat_template") or "")
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""


def _check_fetched(source: Source) -> None:
    """Check the files of a hub id that are on this machine after an attempt to load it."""
    folder = config_folder(source)
    if folder is not None:
        check_tokenizer(folder, source.name)


def _json_object(file: Path, model: str) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise _broken(file, model, error.strerror or "unreadable") from error
    except (ValueError, RecursionError) as error:
        raise _broken(file, model, "not valid JSON") from error
    if not isinstance(content, dict):
        raise _broken(file, model, "not a JSON object")
    return content


def _check_sentencepiece(file: Path, model: str) -> None:
    import sentencepiece

    try:
        sentencepiece.SentencePieceProcessor(model_file=str(file))
    except (OSError, RuntimeError) as error:
        raise _broken(file, model, "not a SentencePiece model") from error


def _check_has_own_merges(folder: Path, model: str) -> None:
    """Refuse the two files of a byte-level BPE of which the second is missing.

    A `vocab.json` beside a tokenizer in another file may be whole without it.
    """
    others = (name for name in OTHER_VOCABULARIES if name != "vocab*")
    if not any(next(folder.glob(name), None) for name in others):
        raise _broken(folder / "merges.txt", model, "vocab.json is there and this is missing")


def _broken(file: Path, model: str, why: str) -> ModelMissing:
    return ModelMissing(
        f"The model {model} could not be loaded, its tokenizer is broken: {file} ({why}); "
        "copy that file from the original model again."
    )
