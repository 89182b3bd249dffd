"""`python -m bot.workspace`: run the local workspace until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from bot.workspace import sign_in
from bot.workspace.demo import Demo
from bot.workspace.errors import PortTaken
from bot.workspace.server import running

DEFAULT_PORT = 3980

print_line = partial(print, flush=True)


def main() -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args()
    try:
        asyncio.run(_serve(options))
    except PortTaken as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    async with running(
        port=options.port,
        state=options.state,
        secret=options.secret or "",
        request_url=options.request_url,
        is_agent=options.agent,
    ) as workspace:
        print_line(f"Local workspace: {sign_in.address(workspace)}")
        if options.demo:
            Demo(workspace, options.demo, print_line)
        await stop.wait()


def _secret_in(file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{file} cannot be read: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot.workspace",
        description="A local stand-in for Slack with a chat page, on 127.0.0.1.",
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep messages in FILE; without it in memory"
    )
    parser.add_argument(
        "--secret",
        type=_secret_in,
        metavar="FILE",
        help="tokens end in what FILE holds; without it in a new secret",
    )
    parser.add_argument(
        "--demo", metavar="TEXT", help="at the first start, let Alice ask the bot TEXT"
    )
    parser.add_argument(
        "--request-url",
        metavar="URL",
        default="",
        help="deliver to the bot there over HTTP, instead of Socket Mode",
    )
    parser.add_argument("--agent", action="store_true", help="the bot's app is an agent")
    return parser


if __name__ == "__main__":
    sys.exit(main())
