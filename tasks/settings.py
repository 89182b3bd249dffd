"""Settings of the worker and of the operator's command, from the environment and `.env`.

Nothing else in this package reads the environment.
"""

from functools import cache
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tasks import broker_address
from tasks.errors import SettingInvalid
from tasks.listen_address import listen_address
from tasks.log_lines.set_up import LogForm
from trainer.prompts.thinking import MOST_TOKENS, Thinking, read_thinking

ENV_FILE = ".env"

MOST_NEW_TOKENS = 4096
"""The longest answer that anybody may set, in tokens; the context may have less room."""

Quality = Literal["fast", "balanced", "best"]
"""How much care the integers of 4-bit weights are chosen with; see `convert.precision`."""

PrecisionSetting = Literal["auto", Quality, "int4", "int8", "bf16"]
"""A quality means 4 bits; `int4` is the name that `balanced` had before there was a choice."""


Names = Annotated[tuple[str, ...], NoDecode]
"""A comma-separated list in a variable."""


def _address_of(value: object) -> object:
    return listen_address(value) if isinstance(value, str) else value


ListenAddress = Annotated[tuple[str, int] | None, NoDecode, BeforeValidator(_address_of)]
"""`[ADDRESS:]PORT` in a variable."""


class Settings(BaseSettings):
    """Every `SWALLOW_…` variable of this package."""

    model_config = SettingsConfigDict(
        env_prefix="SWALLOW_",
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        # Templates ship `SWALLOW_MODEL=`: an empty line means the default.
        env_ignore_empty=True,
        allow_inf_nan=False,
        extra="ignore",
        # An address or token with a mistake in it is still a secret.
        hide_input_in_errors=True,
    )

    home: Path = Field(
        default=Path("~/.swallow"),
        description="Folder of adapters, trainings, datasets, caches and the embedded broker.",
    )
    model: str | None = Field(
        default=None,
        description="Model folder, .gguf file or hub id; unset: the small model if installed.",
    )
    engine: Literal["auto", "openvino", "transformers"] = Field(
        default="auto", description="What generates text."
    )
    precision: PrecisionSetting = Field(
        default="auto",
        description="Weights in the openvino engine: 4 bits (fast, balanced or best; int4 is "
        "balanced), int8 or bf16; auto: balanced from a billion on, else int8.",
    )
    calibration: str = Field(
        default="sample",
        description="What 4-bit weights are calibrated on: `sample`, or a folder of texts or rows.",
    )
    redis_url: str | None = Field(
        default=None,
        description="Redis or Valkey, `redis://…` or `rediss://…` (TLS); unset: the embedded one.",
        repr=False,
    )
    redis_ca: Path | None = Field(
        default=None,
        description="Certificates (PEM) of the CA of a `rediss://` broker, beside the system's.",
    )
    style: Literal["alpaca-ja", "alpaca-en", "chat"] | None = Field(
        default=None, description="Prompt style; unset: chosen by the model."
    )
    train_data: str = Field(
        default="sample",
        description="What `/swallow-train` learns from: `sample`, a file, a folder or a hub id.",
    )
    max_new_tokens: int = Field(
        default=256, ge=1, le=MOST_NEW_TOKENS, description="Longest answer in Slack, in tokens."
    )
    thinking: Thinking = Field(
        default="on",
        description="How much a model that reasons first may think: `off`, `on`, or so many "
        "tokens; in Slack `think=…` before a question.",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=5,
        description="Sampling temperature, 0 is greedy; unset: the model's.",
    )
    top_p: float | None = Field(
        default=None, gt=0, le=1, description="Nucleus sampling; unset: the model's."
    )
    top_k: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Draw from so many of the likeliest tokens, 0: from all; unset: the model's.",
    )
    answer_seconds: float = Field(
        default=600, gt=0, description="Deadline of one answer; what is there by then is posted."
    )
    drain_seconds: float = Field(
        default=8, ge=0, description="How long a stopping worker lets its answers finish."
    )
    queue_limit: int = Field(
        default=100, ge=1, description="Open questions at most; the next one is told to wait."
    )
    keep_hours: float = Field(
        default=24, gt=0, le=87_600, description="How long a job's text is kept after its end."
    )
    feedback: Literal["off", "on"] = Field(
        default="off",
        description="Whether answers in Slack can be rated and corrected, and messages taught, for "
        "later trainings: Slack's terms restrict that.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        description="CPU threads of engine and training; unset: the cores, as measured.",
    )
    checkpoint_minutes: float = Field(
        default=5, ge=0, description="What a training that is killed may lose, in minutes."
    )

    log: LogForm = Field(
        default="text", description="Log lines for people, or one JSON object a line."
    )

    slack_bot_token: str = Field(
        default="",
        validation_alias="SLACK_BOT_TOKEN",
        description="Set together with SLACK_APP_TOKEN: `swallow up` connects to Slack.",
        repr=False,
    )
    slack_app_token: str = Field(default="", validation_alias="SLACK_APP_TOKEN", repr=False)
    slack_signing_secret: str = Field(
        default="", validation_alias="SLACK_SIGNING_SECRET", repr=False
    )
    http: ListenAddress = None

    @field_validator("thinking", mode="before")
    @classmethod
    def _thinking(cls, value: object) -> Thinking:
        thinking = read_thinking(str(value))
        if thinking is None:
            raise ValueError(f"it must be off, on or a number of tokens up to {MOST_TOKENS}")
        return thinking

    @field_validator("home")
    @classmethod
    def _expanded(cls, home: Path) -> Path:
        try:
            return home.expanduser().absolute()
        except RuntimeError as error:  # ~name of an account that does not exist
            raise ValueError(f"{error}") from error

    @field_validator("redis_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url:
            broker_address.parse(url)
        return url

    @field_validator("redis_ca")
    @classmethod
    def _certificates(cls, file: Path | None) -> Path | None:
        if file is None:
            return None
        try:
            file = file.expanduser().absolute()
            SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except (OSError, RuntimeError) as error:  # ssl.SSLError too; no account for ~name
            raise ValueError("no certificates in PEM can be read from it") from error
        return file

    @property
    def uses_slack(self) -> bool:
        """Whether the bot connects to Slack; without tokens there is the local workspace.

        Raises:
            SettingInvalid: of what the connection needs one is set and the other is not.
        """
        second, value = ("SLACK_APP_TOKEN", self.slack_app_token)
        if self.http:
            second, value = ("SLACK_SIGNING_SECRET", self.slack_signing_secret)
        if bool(self.slack_bot_token) != bool(value):
            missing = second if self.slack_bot_token else "SLACK_BOT_TOKEN"
            raise SettingInvalid(
                f"{missing} is not set: set SLACK_BOT_TOKEN and {second} for Slack, or neither."
            )
        return bool(self.slack_bot_token)

    @property
    def cache(self) -> Path:
        """Where unpacked and converted models are kept."""
        return self.home / "cache"

    @property
    def keep_ms(self) -> int:
        """How long a job outlives its end, in milliseconds."""
        return int(self.keep_hours * 3_600_000)


T = TypeVar("T", bound=BaseSettings)


@cache
def settings() -> Settings:
    """Return the settings of this process, read once.

    Raises:
        SettingInvalid: a variable has a value that cannot be used.
    """
    return checked(Settings)


def checked(kind: type[T]) -> T:
    """Construct settings, saying in one sentence which variable is wrong.

    Raises:
        SettingInvalid: a variable has a value that cannot be used, or `.env` cannot be read.
    """
    try:
        return kind()
    except OSError as error:
        raise SettingInvalid(f"{ENV_FILE} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingInvalid(f"{ENV_FILE} is not UTF-8.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = "_".join(str(part) for part in first["loc"])
        name = f"{kind.model_config.get('env_prefix', '')}{field}".upper()
        why = first["msg"].removeprefix("Value error, ")
        known = kind.model_fields.get(field)
        if known is not None and known.repr:
            raise SettingInvalid(f"{name} is {first.get('input')!r}: {why}.") from error
        # A secret, or what may be one: its value is not shown, nor is the error that holds it.
        raise SettingInvalid(f"{name} cannot be used: {why}.") from None
