"""Options before a question: what they may be, and what a wrong one is answered with."""

from typing import Any

import pytest

from bot.errors import CannotAnswer
from bot.i18n.lookup import failure
from bot.questions.options import sampling_of
from tasks.adapters.reference import adapter_name
from tasks.broker.jobs import Jobs
from tasks.settings import Settings, checked
from tests.bot.conftest import Person, Serve, job_of
from tests.bot.questions.test_follower import ask
from tests.tasks.adapter_files import write_adapter


@pytest.mark.parametrize(
    ("options", "request_fields"),
    [
        ({}, {}),
        ({"max": "512", "temp": "0.2"}, {"max_new_tokens": 512, "temperature": 0.2}),
        ({"think": "OFF"}, {"thinking": "off"}),
        ({"max": "５１２", "temp": "０．２"}, {"max_new_tokens": 512, "temperature": 0.2}),
    ],
)
def test_options_become_fields_of_the_request(
    options: dict[str, str], request_fields: dict[str, Any]
) -> None:
    assert sampling_of(options) == request_fields


@pytest.mark.parametrize(
    "options",
    [{"max": word} for word in ("", "0", "4097", "-1", "many", "1e3", "٣")]
    + [{"temp": word} for word in ("", "2.1", "-0.1", "nan", "0.2.3", "hot")],
)
def test_a_wrong_option_is_said_in_one_sentence(options: dict[str, str]) -> None:
    with pytest.raises(CannotAnswer) as refused:
        sampling_of(options)

    [name] = options
    sentence = failure(refused.value.reason, "en", **refused.value.values)
    assert sentence.startswith(f"“{name}=")


async def test_a_question_names_its_adapter(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve():
        wrong = await ask(person, "adapter=fak Who?")
        await person.sees_reply(wrong, "There is no adapter “fak”: there are none yet.")
        write_adapter(checked(Settings).home / "adapters" / "faq")
        wrong = await ask(person, "adapter=fak Who?")
        await person.sees_reply(wrong, "There is no adapter “fak”. There are: faq")
        await ask(person, "max=20 adapter=faq Who?")
        job = await job_of(jobs, "answer")

    assert adapter_name(job.adapter) == "faq"
    assert (job.request["instruction"], job.request["max_new_tokens"]) == ("Who?", 20)
