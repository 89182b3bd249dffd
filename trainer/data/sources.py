"""Where training data comes from: the built-in sample, a file, a folder, or the Hugging Face hub.

It finds and fetches files, and does not read them.
"""

from pathlib import Path

from trainer.errors import DataUnusable
from trainer.files import expanded

SAMPLE = "sample"
SUFFIXES = (".json", ".jsonl", ".csv")


def files_of(source: str) -> list[Path]:
    """Return the files that `source` names, a folder's in the order of their paths.

    `source` is `sample`, a file, a folder, or the id of a dataset on the hub, which is fetched.

    Raises:
        DataUnusable: there is no such file, folder or dataset, or it holds no file we can read.
    """
    if source == SAMPLE:
        return sorted((Path(__file__).parent / "samples").glob("*.jsonl"))
    path = expanded(source)
    try:
        if path.is_dir():
            return _in_folder(path)
        if path.exists():
            return [path]
    except OSError as error:
        raise DataUnusable(f"--data-path {source!r} cannot be read: {error.strerror}.") from error
    if _is_hub_id(source):
        return _in_folder(_fetched(source))
    raise DataUnusable(
        f"There is no data at {source!r}; name a JSON, JSONL or CSV file, a folder of them, "
        "a dataset id like kunishou/databricks-dolly-15k-ja, or `sample`."
    )


def pinned(source: str) -> str:
    """Return the id of a dataset on the hub with its commit, `id@commit`; all else as it is.

    Raises:
        DataUnusable: it cannot be fetched.
    """
    if source == SAMPLE or expanded(source).exists() or "@" in source:
        return source
    return f"{source}@{_fetched(source).name}" if _is_hub_id(source) else source


def _is_hub_id(source: str) -> bool:
    return source.count("/") == 1 and not source.startswith(("/", ".", "~"))


def _in_folder(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise DataUnusable(f"The folder {str(folder)!r} holds no JSON, JSONL or CSV file.")
    return files


def _fetched(name: str) -> Path:
    """Fetch the JSON, JSONL and CSV files of a dataset on the hub, where they are not cached.

    The folder's name is the commit.
    """
    from huggingface_hub import snapshot_download

    id, _, revision = name.partition("@")
    patterns = [f"*{suffix}" for suffix in SUFFIXES]
    try:
        folder = snapshot_download(
            id, repo_type="dataset", revision=revision or None, allow_patterns=patterns
        )
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataUnusable(
            f"There is no file {name!r}, and a dataset of that name could not be fetched ({reason})"
            "; check the path, the name and the network."
        ) from error
    return Path(folder)


def name_of(source: str) -> str:
    """Return what a training calls its data: a path's last part, or a dataset's whole id."""
    if Path(source).exists():
        return source.rstrip("/").rpartition("/")[2]
    return source.partition("@")[0]
