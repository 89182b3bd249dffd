"""Settings of the bot: Slack's own names for Slack's own, `SWALLOW_…` for ours."""

from functools import cache
from typing import Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings import ENV_FILE, ListenAddress, Names, checked


class BotSettings(BaseSettings):
    """Every environment variable that the bot reads."""

    model_config = SettingsConfigDict(
        env_prefix="SWALLOW_",
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        allow_inf_nan=False,
        extra="ignore",
        hide_input_in_errors=True,
    )

    bot_token: str = Field(
        default="",
        validation_alias=AliasChoices("SLACK_BOT_TOKEN"),
        description="The bot's token, xoxb-…; unset: the local workspace.",
        repr=False,
    )
    app_token: str = Field(
        default="",
        validation_alias=AliasChoices("SLACK_APP_TOKEN"),
        description="The app-level token for Socket Mode, xapp-….",
        repr=False,
    )
    signing_secret: str = Field(
        default="",
        validation_alias=AliasChoices("SLACK_SIGNING_SECRET"),
        description="What Slack signs its requests with over HTTP.",
        repr=False,
    )
    http: ListenAddress = Field(
        default=None,
        description="[ADDRESS:]PORT where the bot takes Slack's requests over HTTP, at "
        "`/slack/events`; unset: Socket Mode.",
    )
    health: ListenAddress = Field(
        default=None,
        description="[ADDRESS:]PORT where `GET /health` tells whether broker and Slack are "
        "reached; over HTTP it is told there too.",
    )
    api_url: str = Field(
        default="https://slack.com/api/",
        validation_alias=AliasChoices("SLACK_API_URL"),
        description="Slack's Web API; the local workspace has its own.",
    )
    channels: Names = Field(
        default=(), description="Ids of channels the bot answers in, comma-separated; unset: all."
    )
    people: Names = Field(
        default=(), description="Ids of people who may ask, comma-separated; unset: all."
    )
    guests: Literal["on", "off"] = Field(
        default="off",
        description="on: guests and people of other workspaces (Slack Connect) may ask too.",
    )
    questions_per_minute: int = Field(
        default=0, ge=0, description="Questions that one person may ask within a minute; 0: any."
    )
    questions_at_once: int = Field(
        default=0, ge=0, description="Unanswered questions that one person may have; 0: any."
    )
    admins: Names = Field(
        default=(), description="User ids who may train, comma-separated; unset: Slack's admins."
    )
    alert_channel: str = Field(
        default="",
        description="Id of the channel that is told when no worker is left, the disk is nearly "
        "full or a training failed.",
    )
    language: Literal["ja", "en"] | None = Field(
        default=None,
        description="Language of the bot's own sentences; unset: the question's under an answer, "
        "else that of the reader's Slack.",
    )
    edit_seconds: float = Field(
        default=1.2,
        ge=0,
        description="Pause between two edits of messages, of which Slack allows about 50 a minute; "
        "half of it between two pieces of native streams.",
    )
    rate_limits: Literal["on", "off"] | None = Field(
        default=None,
        description="Whether calls keep to the rates that Slack publishes; unset: with Slack, not "
        "with the local workspace.",
    )
    progress_seconds: float = Field(
        default=30,
        ge=0,
        description="Pause between two edits of a training's message.",
    )

    @field_validator("channels", "people", "admins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    def answers_in(self, channel: str, *, dm: bool) -> bool:
        """Tell whether the bot serves this conversation; direct messages are always served."""
        return dm or not self.channels or channel in self.channels

    @property
    def keeps_rate_limits(self) -> bool:
        """Whether calls wait for their turn at the rates that Slack publishes."""
        return self.rate_limits == "on" or (self.rate_limits is None and not self.is_local)

    @property
    def is_local(self) -> bool:
        """Whether this is the local workspace and not Slack."""
        return self.api_url.startswith(("http://127.0.0.1:", "http://localhost:"))


@cache
def bot_settings() -> BotSettings:
    """Return the settings of this process, read once.

    Raises:
        SettingInvalid: a variable has a value that cannot be used.
    """
    return checked(BotSettings)
