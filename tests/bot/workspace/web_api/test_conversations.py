"""Channels, their history and threads through the real Slack client."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


async def test_public_channels_are_listed_by_default_and_direct_messages_on_request(
    bot: AsyncWebClient, alice: AsyncWebClient
) -> None:
    public = (await bot.conversations_list())["channels"]
    direct = (await bot.conversations_list(types="im"))["channels"]
    hers = (await alice.conversations_list(types="public_channel,im"))["channels"]

    assert [c["name"] for c in public] == ["general", "random"]
    assert [c["user"] for c in direct] == ["UADMIN", "UALICE", "UBOB", "UGUEST", "UPARTNER"]
    assert [c["id"] for c in hers] == ["CGENERAL", "CRANDOM", "DALICE"]


async def test_both_sides_open_the_same_direct_messages(
    bot: AsyncWebClient, alice: AsyncWebClient
) -> None:
    from_bot = await bot.conversations_open(users="UALICE")
    from_alice = await alice.conversations_open(users="UBOT")
    assert from_bot["channel"]["id"] == from_alice["channel"]["id"]


async def test_direct_messages_are_closed_to_others(
    alice: AsyncWebClient, bob: AsyncWebClient
) -> None:
    await alice.chat_postMessage(channel="DALICE", text="secret")
    with pytest.raises(SlackApiError) as caught:
        await bob.conversations_history(channel="DALICE")
    assert caught.value.response["error"] == "channel_not_found"


async def test_everybody_is_in_a_public_channel(bot: AsyncWebClient) -> None:
    members = (await bot.conversations_members(channel="CGENERAL"))["members"]
    assert set(members) == {"UADMIN", "UALICE", "UBOB", "UBOT", "UGUEST", "UPARTNER"}
    info = (await bot.conversations_info(channel="CGENERAL"))["channel"]
    assert (info["name"], info["is_member"]) == ("general", True)


async def test_pages_follow_each_other_though_something_is_said_meanwhile(
    bot: AsyncWebClient,
) -> None:
    for number in range(5):
        await bot.chat_postMessage(channel="CGENERAL", text=str(number))

    seen: list[str] = []
    cursor = ""
    while True:
        page = await bot.conversations_history(channel="CGENERAL", limit=2, cursor=cursor)
        seen += [m["text"] for m in page["messages"]]
        if not page["has_more"]:
            break
        cursor = page["response_metadata"]["next_cursor"]
        await bot.chat_postMessage(channel="CGENERAL", text="meanwhile")

    assert seen == ["4", "3", "2", "1", "0"]


async def test_a_thread_comes_in_pages_with_its_first_message_first(
    bot: AsyncWebClient,
) -> None:
    root = (await bot.chat_postMessage(channel="CGENERAL", text="root"))["ts"]
    for number in range(3):
        await bot.chat_postMessage(channel="CGENERAL", thread_ts=root, text=str(number))

    first = await bot.conversations_replies(channel="CGENERAL", ts=root, limit=2)
    second = await bot.conversations_replies(
        channel="CGENERAL", ts=root, cursor=first["response_metadata"]["next_cursor"]
    )

    assert [m["text"] for m in first["messages"]] == ["root", "0"]
    assert [m["text"] for m in second["messages"]] == ["1", "2"]


async def test_oldest_and_latest_are_edges_that_count_only_if_inclusive(
    bot: AsyncWebClient,
) -> None:
    stamps = [(await bot.chat_postMessage(channel="CGENERAL", text=str(n)))["ts"] for n in range(4)]
    edges = {"channel": "CGENERAL", "oldest": stamps[1], "latest": stamps[3]}

    between = await bot.conversations_history(**edges)
    within = await bot.conversations_history(**edges, inclusive=True)
    one = await bot.conversations_history(
        channel="CGENERAL", latest=stamps[2], inclusive=True, limit=1
    )

    assert [m["text"] for m in between["messages"]] == ["2"]
    assert [m["text"] for m in within["messages"]] == ["3", "2", "1"]
    assert [m["text"] for m in one["messages"]] == ["2"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"cursor": "bmV4dDp4"}, "invalid_cursor"),
        ({"limit": "many"}, "invalid_limit"),
        ({"limit": "-1"}, "invalid_limit"),
        ({"latest": "yesterday"}, "invalid_ts_latest"),
    ],
)
async def test_a_bad_page_is_refused(
    bot: AsyncWebClient, arguments: dict[str, str], error: str
) -> None:
    await bot.chat_postMessage(channel="CGENERAL", text="x")
    with pytest.raises(SlackApiError) as caught:
        await bot.conversations_history(channel="CGENERAL", **arguments)  # type: ignore[arg-type]
    assert caught.value.response["error"] == error


async def test_a_thread_that_does_not_exist_is_not_found(bot: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await bot.conversations_replies(channel="CGENERAL", ts="1.000001")
    assert caught.value.response["error"] == "thread_not_found"
