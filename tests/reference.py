"""The generated parts of the READMEs: the command reference and the table of settings.

`python -m tests.reference [--check] FILE…` writes them between their markers in each file; with
`--check` it changes nothing and fails where a file is out of date.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import click
from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from bot.settings import BotSettings
from tasks.cli import swallow
from tasks.engines.estimate import CHECKPOINT_WIDTH, needs_in_transformers, needs_of
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.swallow_models import CONFIGS
from tasks.settings import Settings


def commands() -> str:
    """Return the help of every command as one Markdown text."""
    return "\n\n".join(_helps(["swallow"], swallow))


def _helps(path: list[str], command: click.Command) -> Iterator[str]:
    name = " ".join(path)
    context = click.Context(command, info_name=name, max_content_width=96, terminal_width=96)
    yield f"```\n$ {name} --help\n{command.get_help(context)}\n```"
    children = command.commands if isinstance(command, click.Group) else {}
    for child in sorted(children):
        yield from _helps([*path, child], children[child])


def settings() -> str:
    """Return every variable with its default and its meaning as one Markdown table."""
    rows = {}
    for kind in (
        Settings,
        BotSettings,
    ):  # of a variable that both read, the bot's description is taken
        for name, field in kind.model_fields.items():
            rows[_variable(kind, name, field)] = (_default(field), _meaning(field))
    lines = [f"| `{name}` | {' | '.join(cells)} |" for name, cells in sorted(rows.items())]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *lines])


def _variable(kind: type[BaseSettings], name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        alias = str(alias.choices[0])
    return str(alias or f"{kind.model_config.get('env_prefix', '')}{name}".upper())


def _default(field: FieldInfo) -> str:
    return "" if field.default in (None, "", ()) else f"`{field.default}`"


def _meaning(field: FieldInfo) -> str:
    annotation = field.annotation
    values = [
        value
        for part in (annotation, *get_args(annotation))
        for value in get_args(part)
        if isinstance(value, str)
    ]
    meaning = (field.description or "").replace("|", "\\|")
    return f"{meaning} One of {', '.join(f'`{value}`' for value in values)}." if values else meaning


GB = 1e9
READ_PER_SECOND = 50 * GB
"""What two cores of a server read of their memory."""


def models() -> str:
    """Return what each Swallow model takes as one Markdown table."""
    lines = [
        "| Model | Engine | Download, GB | Converting, GB | Memory, GB | Tokens/s at most |",
        "|---|---|---|---|---|---|",
    ]
    for name, config in CONFIGS.items():
        if "parameters" in config:
            engine = "transformers"
            takes = needs_in_transformers(config, width=CHECKPOINT_WIDTH)
        else:
            engine = "openvino"
            takes = needs_of(read_architecture(config), "auto", kernels=True)
        assert takes.disk is not None
        assert takes.memory is not None
        assert takes.per_token is not None
        sizes = (takes.download, takes.disk - takes.download, takes.memory)
        cells = [name, engine, *(f"{size / GB:.0f}" for size in sizes)]
        lines.append(f"| {' | '.join(cells)} | {READ_PER_SECOND / takes.per_token:.1f} |")
    return "\n".join(lines)


BLOCKS: dict[str, Callable[[], str]] = {
    "reference": commands,
    "settings": settings,
    "models": models,
}
"""The text to write between `<!-- NAME:start -->` and `<!-- NAME:end -->`, by NAME."""


def filled(text: str) -> str:
    """Return `text` with every block it has markers for written anew."""
    for name, block in BLOCKS.items():
        start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        before, opened, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if opened and closed:
            text = f"{before}{start}\n{block()}\n{end}{after}"
    return text


def main() -> int:
    """Write the files, or check them; return 1 where the check finds one out of date."""
    files = [Path(name) for name in sys.argv[1:] if name != "--check"]
    stale = [file for file in files if filled(file.read_text("utf-8")) != file.read_text("utf-8")]
    if "--check" not in sys.argv:
        for file in stale:
            file.write_text(filled(file.read_text("utf-8")), encoding="utf-8")
        return 0
    if stale:
        names = ", ".join(file.name for file in stale)
        print(f"The generated parts of {names} are out of step: run `make reference`.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
