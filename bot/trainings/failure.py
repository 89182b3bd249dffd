"""Why a plan or a training failed, or is not resumed, in a sentence for people."""

from collections.abc import Mapping
from typing import Any

from bot.i18n.details.translated import detail_in
from bot.i18n.lookup import CATALOGUE, Language, say
from bot.slack.outgoing_text import person, shortened

_VALUE_CHARACTERS = 1500


def failure(data: Mapping[str, Any], language: Language) -> str:
    """Return the sentence for the data of a `failed` event, escaped.

    An unknown reason gets the sentence for an internal error.
    """
    if data.get("reason") == "rows_removed":
        key, values = rows_removed(int(data["rows"]), str(data["by"]))
        return say(key, language, **values)
    key = f"training_failed.{data.get('reason')}"
    said = {**data, "detail": detail_in(language, str(data.get("detail", "")))}
    values = {name: shortened(str(value), _VALUE_CHARACTERS) for name, value in said.items()}
    if data.get("reason") == "dataset":
        known = ", ".join(str(name) for name in data.get("known") or ())
        values["known"] = shortened(known, _VALUE_CHARACTERS) or say(
            "training_failed.no_datasets", language
        )
    if key not in CATALOGUE:
        key = "training_failed.internal"
    return say(key, language, **values)


def rows_removed(rows: int, by: str) -> tuple[str, dict[str, Any]]:
    """Return the key, and the values, of the sentence for a training whose rows were removed."""
    if not by:
        return "training_failed.rows_gone", {"rows": rows}
    return "training_failed.rows_removed", {"rows": rows, "by": person(by)}
