"""`python -m bot`: the bot of one workspace; `--check` looks at the tokens instead."""

import argparse
import asyncio
import json
import sys

from slack_sdk.errors import SlackApiError

from bot.app import run
from bot.doctor import check
from bot.errors import BotError
from bot.settings import bot_settings
from bot.slack.refusals import reason_of
from tasks.errors import EXIT_SETTING_INVALID, SettingInvalid, TaskError
from tasks.log_lines.set_up import is_supervised, set_up_logging
from tasks.metrics.endpoint import serve_metrics
from tasks.settings import settings


def main() -> int:
    """Run the bot; returns no 0, with one line on standard error, where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    parser.add_argument("--name", help="what this bot is called among relays")
    parser.add_argument("--check", action="store_true", help="look at tokens and scopes and end")
    parser.add_argument("--json", action="store_true", help="with --check: print JSON")
    parser.add_argument("--metrics", nargs=2, metavar=("ADDRESS", "PORT"), help="serve them there")
    options = parser.parse_args()
    try:
        if options.check:
            return _print(asyncio.run(check(bot_settings())), as_json=options.json)
        set_up_logging("bot", settings().log)
        if options.metrics:
            address, port = options.metrics
            serve_metrics((address, int(port)), settings(), "bot")
        asyncio.run(run(settings(), bot_settings(), options.name))
    except SettingInvalid as error:
        sys.stderr.write(f"swallow: {error}\n")
        return EXIT_SETTING_INVALID if is_supervised() else 1
    except (BotError, TaskError) as error:
        sys.stderr.write(f"swallow: {error}\n")
        return 1
    except SlackApiError as error:
        sys.stderr.write(
            f"swallow: Slack refuses the bot ({reason_of(error)}); run `swallow doctor`.\n"
        )
        return 1
    except (OSError, TimeoutError) as error:
        sys.stderr.write(f"swallow: Slack cannot be reached ({type(error).__name__}).\n")
        return 1
    return 0


def _print(rows: list[dict[str, object]], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            print(
                f"{'ok ' if row['ok'] else 'BAD'} {row['check']}: {row['detail']} {row['advice']}"
            )
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
