"""The short form of the drill of two hosts."""

from pathlib import Path

import pytest

from tests.drills.two_hosts.drill import good, options_of, run
from tests.drills.two_hosts.network import permitted


@pytest.fixture(autouse=True)
def network_namespaces() -> None:
    """Skip, in CI too, where a process may not make network namespaces."""
    if not permitted():
        pytest.skip("network namespaces are not permitted here")


def test_another_host_answers_through_tls_and_nothing_is_lost_while_the_link_is_cut(
    tmp_path: Path, model_cache: Path, engine_option: str
) -> None:
    options = options_of(
        [*("--questions", "10", "--cut", "5", "--rounds", "1"), *("--engine", engine_option)]
    )

    figures = run(tmp_path, options, model_cache)

    assert good(figures), figures
