"""What people type after a slash command: a command, or a sentence that says what is wrong."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.adapters import command as adapter
from bot.i18n.lookup import Language
from bot.slack.blocks import sentence
from bot.slack.command_words import Help, Wrong, usage
from bot.trainings.asking import command as train
from bot.trainings.asking.options import OPTIONS
from tasks.trainings.datasets import is_dataset_name
from trainer.adapters.names import is_adapter_name
from trainer.planning.options import Options

LANGUAGES: tuple[Language, Language] = ("ja", "en")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", train.Ask()),
        (" \u3000 ", train.Ask()),
        ("help", Help()),
        ("STATUS", train.ShowStatus()),
        ("ｓｔａｔｕｓ", train.ShowStatus()),
        ("cancel", train.Cancel()),
        ("cancel 0123456789abcdef", train.Cancel("0123456789abcdef")),
        ("resume", train.Resume()),
        ("epochs=1", train.Start({"num_epochs": 1})),
        ("epochs = 1", train.Start({"num_epochs": 1})),
        ("epochs＝1\u3000lr＝3e-4", train.Start({"num_epochs": 1, "learning_rate": 3e-4})),
        ("--num-epochs=2 learning-rate=.5", train.Start({"num_epochs": 2, "learning_rate": 0.5})),
        (
            "r=16 alpha=32 dropout=0",
            train.Start({"lora_r": 16, "lora_alpha": 32, "lora_dropout": 0}),
        ),
        ("data=よくある質問", train.Start({"data": "よくある質問"})),
        ("data=faq output=faq-2", train.Start({"data": "faq", "output": "faq-2"})),
        ("data_path=faq output_dir=o", train.Start({"data": "faq", "output": "o"})),
        (
            "cutoff=512 batch=32 micro_batch=2 val=0 seed=4294967295",
            train.Start(
                {
                    "cutoff_len": 512,
                    "batch_size": 32,
                    "micro_batch_size": 2,
                    "val_set_size": 0,
                    "seed": 4294967295,
                }
            ),
        ),
    ],
)
def test_a_training_is_understood(text: str, wanted: Any) -> None:
    assert train.parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epochs", "`epochs` is not an option"),
        ("epoch=1", "`epoch` is not an option of a training."),
        ("epochs=1 epochs=2", "`epochs` is given twice"),
        ("epochs=1 num_epochs=2", "`epochs` is given twice"),
        ("epochs=", "`epochs` is ``"),
        ("epochs=0", "a whole number from 1 to 1000"),
        ("epochs=1.5", "a whole number from 1 to 1000"),
        ("epochs=1_0", "`epochs` is `1_0`"),
        ("epochs=１", "`epochs` is `１`"),
        ("epochs=٣", "a whole number"),
        ("epochs=-1", "a whole number"),
        ("epochs=99999999999999999999", "a whole number"),
        ("lr=nan", "a number above 0 and at most 1"),
        ("lr=inf", "a number above 0"),
        ("lr=0", "a number above 0"),
        ("lr=1e-999", "a number above 0"),
        ("dropout=1", "a number from 0 to below 1"),
        ("alpha=1e6", "below 1,000,000"),
        ("data=../../etc", "a dataset's name of letters"),
        ("data=/etc/passwd", "a dataset's name of letters"),
        ("output=.hidden", "a name of ASCII letters"),
        (f"output={'a' * 65}", "a name of ASCII letters"),
        ("seed=4294967296", "from 0 to 4294967295"),
        ("cancel a b", "`b` is one word too many"),
        ("cancel ../x", "`../x` is not the id of a training"),
        ("status now", "`now` is one word too many"),
        ("epochs=<!channel>", "`&lt;!channel&gt;`"),
    ],
)
def test_what_is_wrong_with_a_training_is_named(text: str, words: str) -> None:
    wrong = train.parse(text)

    assert isinstance(wrong, Wrong)
    assert words in wrong.sentence("en")
    assert wrong.sentence("en").endswith("`/swallow-train help` shows how it is used.")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Help()),
        ("list", adapter.List()),
        ("Off", adapter.Off()),
        ("off here", adapter.Off(here=True)),
        ("use\u3000output", adapter.Use("output")),
        ("use output Here ", adapter.Use("output", here=True)),
        ("use here ここ", adapter.Use("here", here=True)),
        ("show output-2", adapter.Named("show", "output-2")),
        ("remove a.b_c", adapter.Named("remove", "a.b_c")),
        ("compare output 山は？\n\n入力 = 1", adapter.Compare("output", "山は？\n\n入力 = 1")),
        ("compare output", adapter.Compare("output")),
    ],
)
def test_an_adapter_command_is_understood(text: str, wanted: Any) -> None:
    assert adapter.parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("use", "`use` needs the name"),
        ("use ../../etc", "a name of ASCII letters"),
        ("use a b", "`b` is one word too many"),
        ("off now", "`now` is one word too many"),
        ("use output here now", "`here now` is one word too many"),
        ("remove output here", "`here` is one word too many"),
        ("compare ../x why", "a name of ASCII letters"),
        ("delete x", "`delete` is not something to do"),
    ],
)
def test_what_is_wrong_with_an_adapter_command_is_named(text: str, words: str) -> None:
    wrong = adapter.parse(text)

    assert isinstance(wrong, Wrong)
    assert words in wrong.sentence("en")


SHORT = [name for option in OPTIONS for name in (option.short, option.key)]
VERBS = "status cancel resume help use off list show remove compare here"
NEAR = "= ＝ output 1 3e-4 1_0 nan -1 １ <!channel> <@U123> ` &lt;!here&gt; ../.. -- {output} \0"
WORDS = st.one_of(
    st.sampled_from([*SHORT, *VERBS.split(), *NEAR.split(), " ", "\u3000", "\n"]),
    st.text(max_size=8),
)
TEXTS = st.one_of(st.lists(WORDS, max_size=12).map("".join), st.text(max_size=200))

PING = re.compile(r"<[!@#]")


def _check(parsed: Any, command: str) -> None:
    if not isinstance(parsed, Wrong):
        assert usage(command, "en")
        return
    for language in LANGUAGES:
        said = parsed.sentence(language)
        post = sentence(said)
        assert said.strip()
        assert not PING.search(said)
        assert len(post.text) <= 3000, "a section holds 3,000 characters"


@settings(max_examples=max(1_000, settings().max_examples), suppress_health_check=list(HealthCheck))
@given(TEXTS)
@example("data=¹")
def test_every_text_is_a_command_or_gets_a_usable_reply(text: str) -> None:
    training, switching = train.parse(text), adapter.parse(text)

    _check(training, "train")
    _check(switching, "adapter")
    if isinstance(training, train.Start):
        numbers = {k: v for k, v in training.options.items() if k not in ("data", "output")}
        Options(**numbers)  # type: ignore[arg-type]  # raises where the trainer would
        assert is_dataset_name(str(training.options.get("data", "x")))
        assert is_adapter_name(str(training.options.get("output", "x")))
    if isinstance(switching, adapter.Use | adapter.Named | adapter.Compare):
        assert is_adapter_name(switching.name)
