"""Whether this bot has the home with adapters and trainings; of several bots, some may not have it.

Slack gives a command to any of the bots. What needs the home's files is refused by a bot without
them, instead of showing the files of a home that nobody trains on.
"""

from bot.bot import Bot
from bot.errors import CannotAct
from tasks.broker.workers import Workers
from tasks.home_id import home_id


def require_home(bot: Bot) -> None:
    """Return if the home of this bot is one that trainings run on, or none do.

    Raises:
        CannotAct: they run on the home of another host.
    """
    training = [
        worker
        for worker in Workers(bot.jobs.redis).all()
        if "training" in worker.queues and worker.home
    ]
    homes = {worker.home for worker in training}
    if homes and home_id(bot.task_settings.home) not in homes:
        hosts = ", ".join(sorted({worker.host for worker in training}))
        raise CannotAct("act.other_home", hosts=hosts)
