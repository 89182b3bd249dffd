"""The bot's own sentences fit Slack's blocks."""

from bot.slack.blocks import sentence


def test_a_long_list_of_ours_is_divided_between_its_lines() -> None:
    lines = [f"• *output-{number}* &lt;{'x' * 200}&gt;" for number in range(40)]

    post = sentence("\n".join(lines))

    texts = [block["text"]["text"] for block in post.blocks]
    assert all(len(text) <= 3000 for text in texts)
    assert "\n".join(texts).split("\n") == lines
