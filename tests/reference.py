"""The command reference in the READMEs, generated from `--help`.

`python -m tests.reference [--check] FILE…` writes it between its markers, or with `--check` fails
where it is out of step.
"""

import sys
from pathlib import Path

import click

from tasks.cli import swallow

START, END = "<!-- reference:start -->", "<!-- reference:end -->"


def reference() -> str:
    """Return the help of every command as one Markdown text."""
    sections = [_section(["swallow"], swallow)]
    return "\n\n".join(_flat(sections))


def _section(path: list[str], command: click.Command) -> list[object]:
    context = click.Context(
        command, info_name=" ".join(path), max_content_width=96, terminal_width=96
    )
    text = f"```\n$ {' '.join(path)} --help\n{command.get_help(context)}\n```"
    children = command.commands.items() if isinstance(command, click.Group) else []
    return [text, [_section([*path, name], child) for name, child in sorted(children)]]


def _flat(tree: object) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    assert isinstance(tree, list)
    return [text for item in tree for text in _flat(item)]


def main() -> int:
    """Write or check; returns 1 where a file is out of step."""
    files = [Path(name) for name in sys.argv[1:] if name != "--check"]
    stale = []
    for file in files:
        text = file.read_text(encoding="utf-8")
        before, _, rest = text.partition(START)
        _, _, after = rest.partition(END)
        new = f"{before}{START}\n{reference()}\n{END}{after}"
        if new != text and "--check" in sys.argv:
            stale.append(file.name)
        elif new != text:
            file.write_text(new, encoding="utf-8")
    if stale:
        print(f"The command reference of {', '.join(stale)} is out of step: run `make reference`.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
