"""The last words about a job whose follower fails again and again: one plain sentence.

Nothing of the job's texts and events is shown, because that may be what fails.
"""

import asyncio
import logging

from bot.bot import Bot
from bot.delivery.direct_fallback import DirectFallback
from bot.delivery.journal import Journal
from bot.delivery.posted import Message, is_posted, payload_of
from bot.i18n.lookup import say
from bot.slack.blocks import sentence
from bot.slack.refusals import FAILURES, failure_of
from tasks.broker.job import ENDINGS, Job

log = logging.getLogger(__name__)


async def give_up(bot: Bot, job: Job) -> bool:
    """End a job that cannot be followed, and tell the person; False while a worker has it.

    Only a job that has ended gets its last message: a training is not lost with what shows it.
    """
    if job.withdrawn:
        return True
    if job.over and job.posts.get("shown") == job.revision:
        return True  # the answer is in its form
    data = {"reason": "internal"}
    ended = await asyncio.to_thread(bot.jobs.end_unstarted, job.id, "failed", data)
    if not ended and not job.over:
        return False
    log.error("job %s: it cannot be shown; its person is told so", job.id)
    language = bot.language_of_job(job)
    message = DirectFallback(bot.client, Journal(bot.jobs, job), language)

    def is_final(message: Message) -> bool:
        payload = payload_of(message)
        return payload.get("job") == job.id and payload.get("state") in ENDINGS

    try:
        if await is_posted(bot.client, message.destination, is_final):
            return True  # what failed came after it, such as a picture in the thread
    except FAILURES as error:
        log.warning("job %s: its messages cannot be read: %s", job.id, failure_of(error).reason)
    key = "training.undeliverable" if job.kind == "train" else "failed.undeliverable"
    post = sentence(say(key, language))
    await message.end([post], post, state="failed" if ended else job.state)
    return True
