"""Running the scripts of this folder: each by its file's name, once for each call.

A script is the body of a function behind `common.lua`. What a script does is known to its caller.
"""

from functools import cached_property
from importlib.resources import files
from typing import Any

from redis import Redis


class Scripts:
    """The scripts, on one broker."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def run(self, script: str, call: str, *arguments: Any) -> Any:
        """Run the script of that name; a repeated `call` gets the first reply and changes nothing.

        An empty `call` is for what changes nothing when it runs again.
        """
        return self._scripts[script](keys=[call], args=arguments)

    @cached_property
    def _scripts(self) -> dict[str, Any]:
        folder = files("tasks.broker.lua")
        common = (folder / "common.lua").read_text(encoding="utf-8")
        scripts = [
            script
            for part in folder.iterdir()
            if part.is_dir()
            for script in part.iterdir()
            if script.name.endswith(".lua")
        ]
        return {
            script.name.removesuffix(".lua"): self.redis.register_script(
                f"{common}return once(function()\n{script.read_text(encoding='utf-8')}end)\n"
            )
            for script in scripts
        }
