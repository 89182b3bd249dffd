"""Ids of jobs stay what they were in every earlier version."""

import pytest

from tasks.broker.job_id import job_id


@pytest.mark.parametrize(
    ("parts", "id"),
    [
        (("TLOCAL", "CGENERAL", "1764000000.000100"), "73cd39f875cc4b8b"),
        (("T1/C1/trigger.1",), "03314a572e68baab"),
        (("resume", "T1/C1/trigger.1"), "45ce3c2d3e7edbdb"),
        (("compare", "T1/C1/trigger.1", "output@0123"), "febc0a056f5f8872"),
        (("compare", "T1/C1/trigger.1", ""), "881e82f0618e770c"),
        (("train", "0123456789abcdef"), "d19147e5ad8140b3"),
    ],
)
def test_an_id_is_the_one_an_earlier_version_gave(parts: tuple[str, ...], id: str) -> None:
    assert job_id(*parts) == id
