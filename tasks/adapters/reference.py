"""References: `name@digest`, by which a question names exactly the content of an adapter.

A reference is fixed when the question is asked, so that an adapter removed and trained anew under
its old name is never mistaken for the old one.
"""

from trainer.adapters.adapter import Adapter


def reference(adapter: Adapter) -> str:
    """Return the reference of an adapter's present content."""
    return f"{adapter.name}@{adapter.digest}"


def name_and_digest(reference: str) -> tuple[str, str]:
    """Return the two parts of a reference; both are empty for the empty one, the base model's."""
    name, _, digest = reference.partition("@")
    return name, digest


def adapter_name(reference: str) -> str:
    """Return the adapter's name in a reference, empty for the base model."""
    return name_and_digest(reference)[0]
