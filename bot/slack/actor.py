"""Who acts, and where: read from a slash command, a pressed button or a job's record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Actor:
    """A person in a conversation; Slack takes answers at `response_url` for half an hour.

    `dm`: the conversation is the person's direct messages with the bot. `thread_ts` names the
    thread in which the person is, empty outside any.
    """

    user: str
    team: str
    channel: str
    dm: bool
    response_url: str = ""
    thread_ts: str = ""

    @classmethod
    def of_command(cls, command: Mapping[str, Any]) -> "Actor":
        """Return who typed a slash command."""
        channel = str(command["channel_id"])
        return cls(
            user=str(command["user_id"]),
            team=str(command.get("team_id", "")),
            channel=channel,
            dm=channel.startswith("D"),
            response_url=str(command.get("response_url", "")),
        )

    @classmethod
    def of_press(cls, body: Mapping[str, Any]) -> "Actor":
        """Return who pressed a button; in the Home tab or a form that is in no channel."""
        container = body.get("container") or {}
        channel, thread_ts = (str(container.get(key) or "") for key in ("channel_id", "thread_ts"))
        if thread_ts == container.get("message_ts"):
            # A message with replies stands in the channel, where its buttons are pressed: what is
            # said in its thread alone would not be seen there.
            thread_ts = ""
        return cls._of_interaction(body, channel, thread_ts)

    @classmethod
    def of_shortcut(cls, body: Mapping[str, Any]) -> "Actor":
        """Return who used a shortcut of a message's menu."""
        thread_ts = str(body["message"].get("thread_ts") or "")
        return cls._of_interaction(body, str(body["channel"]["id"]), thread_ts)

    @classmethod
    def of_form(cls, body: Mapping[str, Any]) -> "Actor":
        """Return who submitted a form, which is in no channel."""
        return cls._of_interaction(body, "", "")

    @classmethod
    def _of_interaction(cls, body: Mapping[str, Any], channel: str, thread_ts: str) -> "Actor":
        user = body["user"]
        return cls(
            user=str(user["id"]),
            team=str(user.get("team_id") or (body.get("team") or {}).get("id", "")),
            channel=channel,
            # Where there is no channel, what is said goes to the person alone.
            dm=channel.startswith("D") or not channel,
            response_url=str(body.get("response_url", "")),
            thread_ts=thread_ts,
        )

    @classmethod
    def of_destination(cls, destination: Mapping[str, Any]) -> "Actor":
        """Return who asked for a job."""
        return cls(
            user=str(destination["user"]),
            team=str(destination["team"]),
            channel=str(destination["channel"]),
            dm=bool(destination["dm"]),
            response_url=str(destination.get("response_url", "")),
        )

    def destination(self) -> dict[str, Any]:
        """Return a job's destination: this person's conversation, outside any thread."""
        return {
            "team": self.team,
            "channel": self.channel,
            "user": self.user,
            "response_url": self.response_url,
            "dm": self.dm,
            "thread_ts": "",
        }
