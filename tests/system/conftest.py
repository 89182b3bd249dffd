"""The running system that the tests of this folder share: starting one loads a model."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import missing
from tests.patience import MILLISECONDS
from tests.system.workspace import System, Workspace, shared_system


@pytest.fixture(scope="package")
def system(
    tmp_path_factory: pytest.TempPathFactory, model_cache: Path, engine_option: str
) -> Iterator[System]:
    """A running `swallow up` with the small model."""
    # Long answers: something happens to them before they end, also where openvino generates them.
    settings = {"SWALLOW_MAX_NEW_TOKENS": "250"}
    started = shared_system(tmp_path_factory, "system", engine_option, model_cache, **settings)
    with started as system:
        yield system


@pytest.fixture
def workspace(system: System) -> Workspace:
    """The local workspace of the running system."""
    return system.workspace


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's chromium, driven by Playwright, whose event loop runs until this fixture ends."""
    path = shutil.which("chromium")
    if path is None:
        missing("chromium")
    expect.set_options(timeout=MILLISECONDS)  # not the five seconds of its own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
