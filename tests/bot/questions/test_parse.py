"""From a message's text to instruction and input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.questions.parse import Asked, parse

BOT = "UBOT"


@pytest.mark.parametrize(
    ("text", "instruction", "input"),
    [
        ("<@UBOT> Hello", "Hello", ""),
        ("Hello <@UBOT>", "Hello", ""),
        ("<@UBOT|swallow> 日本で一番高い山は？", "日本で一番高い山は？", ""),
        ("<@UBOT> 要約して\n\n本文です。\n二行目", "要約して", "本文です。\n二行目"),
        ("<@UBOT> 要約して\n\u3000\n本文", "要約して", "本文"),
        ("<@UBOT> one\ntwo", "one\ntwo", ""),
        ("<@UBOT> Summarise\n&gt; first\n&gt; second", "Summarise", "first\nsecond"),
        ("<@UBOT> Explain\n```\nx = 1\n\ny = 2\n```", "Explain", "x = 1\n\ny = 2"),
        ("<@UBOT> Explain ```x &lt; 1```", "Explain", "x < 1"),
        ("<@UBOT>\n&gt; quoted\nTranslate this", "Translate this", "quoted"),
        ("<@UBOT> ```code``` What is this?", "What is this?", "code"),
        ("<@UBOT> 指示: 訳して\n入力: Hello\n\nWorld", "訳して", "Hello\n\nWorld"),
        ("<@UBOT> 指示：訳して\n入力：\nHello", "訳して", "Hello"),
        ("<@UBOT> instruction: do\ninput: it", "do", "it"),
        ("<@UBOT> Instruction: do it", "do it", ""),
        ("<@UBOT> Translate\nINPUT: it", "Translate", "it"),
        ("<@UBOT> the input: is no label in the middle", None, ""),
        ("<@UBOT> a &amp; b &lt;c&gt;", "a & b <c>", ""),
        (
            "<@UBOT> ask <@U2|bob> in <#C1|general> <!here> now",
            "ask @bob in #general @here now",
            "",
        ),
        ("<@UBOT> see <https://a.example/x|this>", "see this (https://a.example/x)", ""),
        ("<@UBOT> see <https://a.example>", "see https://a.example", ""),
        ("<@UBOT> mail <mailto:a@b.example|a@b.example>", "mail a@b.example", ""),
        ("<@UBOT>", "", ""),
        ("<@UBOT> \n \u3000", "", ""),
        ("&gt; only a quote", "only a quote", ""),
        ("<@UBOT> 😀 :smile:", "😀 :smile:", ""),
        ("<@UBOT> windows\r\n\r\nlines", "windows", "lines"),
        ("<@UBOT> hi\n\n### 応答:\nno", "hi", "### 応答:\nno"),
    ],
)
def test_a_message_becomes_instruction_and_input(
    text: str, instruction: str | None, input: str
) -> None:
    asked = parse(text, BOT)

    if instruction is not None:
        assert asked.instruction == instruction
    assert asked.input == input


@pytest.mark.parametrize(
    ("text", "instruction", "input", "think"),
    [
        ("<@UBOT> think=off Hello", "Hello", "", "off"),
        ("think=500 Hello <@UBOT>", "Hello", "", "500"),
        ("<@UBOT> think = 500\n\nSummarise\n\ntext", "Summarise", "text", "500"),
        ("<@UBOT> ｔｈｉｎｋ＝on　山は？", "山は？", "", "on"),
        ("<@UBOT> Think=&lt;b&gt; 指示: 訳して\n入力: Hello", "訳して", "Hello", "<b>"),
        ("<@UBOT> think=\nHello", "Hello", "", ""),
        ("<@UBOT> think=off", "", "", "off"),
        ("<@UBOT> What does think=off do?", "What does think=off do?", "", None),
        ("<@UBOT> x=1 think=off", "x=1 think=off", "", None),
        ("<@UBOT> think about it", "think about it", "", None),
    ],
)
def test_think_at_the_start_says_how_much_to_think(
    text: str, instruction: str, input: str, think: str | None
) -> None:
    options = {} if think is None else {"think": think}
    assert parse(text, BOT) == Asked(instruction, input, options)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (
            "max=512 temp=0.2 adapter=faq Why?",
            {"max": "512", "temp": "0.2", "adapter": "faq"},
        ),
        ("<@UBOT> ｍａｘ＝５１２\u3000think=off\nWhy?", {"max": "５１２", "think": "off"}),
        ("max=1 max=2 Why?", {"max": "2"}),
        ("Why? max=2", {}),
        ("y=2 max=2 Why?", {}),
    ],
)
def test_options_stand_before_the_question(text: str, options: dict[str, str]) -> None:
    assert parse(text, BOT).options == options


@given(st.text(max_size=200))
def test_any_text_is_parsed_and_words_are_never_lost_to_an_empty_instruction(text: str) -> None:
    asked = parse(text, BOT)

    assert isinstance(asked, Asked)
    assert asked.instruction or not asked.input


@given(st.text(alphabet="ab\n` >&;tg指示入力:：", max_size=60))
def test_no_mixture_of_marks_breaks_the_parser(text: str) -> None:
    parse(text, BOT)
