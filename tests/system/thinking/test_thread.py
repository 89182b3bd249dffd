"""A thought stays out of the thread, and people decide how long it may be."""

from tasks.engines.protocol import Question
from tests.system.thinking.conftest import CONTEXT, THOUGHT
from tests.system.workspace import System, Workspace, footer_of, state_of
from trainer.base_model.source import Source
from trainer.base_model.tokenizer import load_tokenizer
from trainer.prompts.templates import Turn, choose_style


def test_the_next_prompt_of_a_thread_holds_no_thought(
    system: System, workspace: Workspace, model: Source
) -> None:
    ts = workspace.say("<@UBOT> think=50 Is it so?")
    (first,) = workspace.answers(ts)
    workspace.say("<@UBOT> think=50 Really?", thread=ts)
    second = workspace.answers(ts, count=2)[1]

    job = system.jobs.get(second["metadata"]["event_payload"]["job"])
    assert job is not None
    tokenizer = load_tokenizer(model)
    thread = [Turn(turn["role"], turn["text"]) for turn in job.request["thread"]]
    question = Question(job.request["instruction"], thread=thread, thinking=50)
    prompt = question.prompt(choose_style(tokenizer), tokenizer, CONTEXT)

    assert first["text"] == second["text"] == "YES!"
    assert "of them thought, cut short at the limit" in footer_of(first)
    assert prompt.text == "user: Is it so?\nassistant: YES!\nuser: Really?\n>"
    assert THOUGHT not in str(job.request)


def test_without_thinking_the_answer_comes_at_once(workspace: Workspace) -> None:
    (answer,) = workspace.answers(workspace.say("<@UBOT> think=off Is it so?"))

    assert answer["text"] == "YES!"
    assert "thought" not in footer_of(answer)


def test_what_think_cannot_be_is_said(workspace: Workspace) -> None:
    (answer,) = workspace.answers(workspace.say("<@UBOT> think=lots Is it so?"))

    assert state_of(answer) == "failed"
    assert answer["text"].startswith("“think=lots” cannot be read. Write `off`, `on` or a number")
