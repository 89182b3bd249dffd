"""The id of a job, derived from what asks for it: a repeated event names the same job again.

Knows nothing of Redis or Slack; the caller chooses the parts.
"""

import hashlib

HEX_DIGITS = 16


def job_id(*parts: str) -> str:
    """Return the id of what `parts` name, such as a team, a channel and a message's timestamp.

    The same parts always give the same id, also in later versions: jobs outlive an upgrade.
    """
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:HEX_DIGITS]
