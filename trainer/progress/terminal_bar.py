"""A progress bar in the terminal: loss, tokens per second, time left.

This module knows events only, not the training that reports them.
"""

from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from trainer.progress import events
from trainer.progress.duration import duration


class Bar:
    """A listener that draws a bar on `stream`, and prints one line for each event but the steps."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
        )
        self._task: TaskID | None = None
        self._answers: TaskID | None = None
        self._waits = False

    def __call__(self, event: events.Event) -> None:
        """Show `event`."""
        match event:
            case events.Planned():
                self._say(described(event.plan))
            case events.WaitingForMemory():
                self._say_once(
                    f"Waiting for memory: about {event.needed / 1e9:.1f} GB are needed and "
                    f"{event.free / 1e9:.1f} GB free"
                )
            case events.Answering():
                self._answering(event)
            case events.Started() | events.Resumed():
                self._begin(event)
            case events.Stepped():
                self._step(event)
            case events.Evaluated():
                self._say(f"step {event.step}: held-out loss {event.validation_loss:.4f}")
            case events.CheckpointSaved():
                self._say(f"checkpoint at step {event.step}")
            case events.Evaluating():
                self._evaluating(event)
            case events.Finished():
                self._progress.stop()
                self._say(event.summary)
            case events.Interrupted() | events.Failed():
                self._progress.stop()

    def _begin(self, event: events.Started | events.Resumed) -> None:
        resumed = isinstance(event, events.Resumed)
        left = f", about {duration(event.seconds_left)}" if event.seconds_left else ""
        self._say(
            f"{'Resuming' if resumed else 'Starting'} {event.training}: "
            f"{event.steps} steps{left}; the adapter will be {event.output}"
        )
        self._task = self._progress.add_task("training", total=event.steps, figures="")
        self._progress.start()

    def _step(self, event: events.Stepped) -> None:
        if self._task is None:
            return
        done = event.step if event.part >= 1 else event.step - 1 + event.part
        figures = f"step {event.step}/{event.steps}"
        if event.loss is not None:
            figures += f" · loss {event.loss:.4f}"
        if event.tokens_per_second:
            figures += f" · {event.tokens_per_second:,.0f} tokens/s"
        if event.seconds_left is not None:
            figures += f" · {duration(event.seconds_left)} left"
        self._progress.update(self._task, completed=done, figures=figures)

    def _answering(self, event: events.Answering) -> None:
        if self._answers is None:
            self._answers = self._progress.add_task(
                "replay", total=event.questions, figures="the model answers general questions"
            )
            self._progress.start()
        self._progress.update(self._answers, completed=event.done)

    def _evaluating(self, event: events.Evaluating) -> None:
        if self._task is not None:
            self._progress.update(
                self._task, completed=event.steps, figures="evaluating: base and adapter compared…"
            )

    def _say_once(self, text: str) -> None:
        if not self._waits:
            self._say(text)
        self._waits = True

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)


def described(plan: dict[str, Any]) -> str:
    """Return a plan, as `Plan.to_dict` gives it, as a few lines of text."""
    dropped = "".join(f", {count} {why}" for why, count in plan["dropped_reasons"].items())
    seconds = plan["seconds"]
    lasting = (
        f"about {duration(seconds)}" if seconds else "a duration that is measured at the start"
    )
    kept = plan["keeping_cutoff"] or 0
    advice = f"; --cutoff-len {kept} would leave 95 % whole" if kept > plan["cutoff"] else ""
    replayed = f", {plan['replayed']} replayed answers in each epoch" if plan["replayed"] else ""
    return (
        f"{plan['rows']} rows of {plan['data']} (dropped {plan['dropped']}{dropped}; "
        f"cut to {plan['cutoff']} tokens {plan['cut']}{advice}; "
        f"held out {plan['validation_rows']})\n"
        f"{plan['steps']} steps of {plan['batch_size']} rows{replayed}, {plan['tokens']:,} tokens, "
        f"{lasting}\n"
        f"{plan['model']} in {plan['precision']}, style {plan['style']}, about "
        f"{plan['memory_bytes'] / 1e9:.1f} GB of {plan['memory_available_bytes'] / 1e9:.1f} GB "
        f"free memory\nadapter: {plan['output']}"
    )
