"""The README's steps for a service, done in a scratch root: only what is the project's arrives."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import missing

ROOT = Path(__file__).parents[1]
SECRET = "xoxb-hunter2"
PROJECT = ("bot", "tasks", "trainer", "deploy")
FILES = ("Makefile", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A working copy as somebody has it who tried the bot and Compose before."""
    if shutil.which("git") is None:
        missing("git")
    folder = tmp_path / "checkout"
    for package in PROJECT:
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").touch()
    for name in FILES:
        (folder / name).touch()
    # What `make setup` itself does takes minutes; here it leaves its folder.
    (folder / "Makefile").write_text("setup:\n\tmkdir -p .venv\n", "utf-8")
    shutil.copy(ROOT / ".gitignore", folder)
    for name in ("swallow.env.example", "swallow.service"):
        shutil.copy(ROOT / "deploy" / name, folder / "deploy")
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "as it is")
    for private in (".env", "deploy/swallow.env", "notes.txt", ".venv/x", "home/audit.jsonl"):
        (folder / private).parent.mkdir(exist_ok=True)
        (folder / private).write_text(f"SLACK_BOT_TOKEN={SECRET}\n", "utf-8")
    return folder


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def steps(readme: str, root: Path) -> str:
    """Return the steps as a script for `root`, less those that need a system of their own."""
    text = (ROOT / readme).read_text("utf-8")
    (block,) = [each for each in re.findall(r"```\n(.*?)```", text, re.S) if "useradd" in each]
    elsewhere = ("useradd", "sudoedit", "systemctl", "journalctl")
    lines = [line for line in block.splitlines() if not any(word in line for word in elsewhere)]
    script = "\n".join(lines).replace("sudo ", "").replace(" --group=swallow", "")
    return re.sub(r"(?<![\w/])/(opt|etc)/", rf"{root}/\1/", script)


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_steps_install_the_project_and_nothing_private(
    checkout: Path, tmp_path: Path, readme: str
) -> None:
    root = tmp_path / "root"
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "opt").mkdir()
    script = steps(readme, root)

    for _ in ("first", "again"):  # as an upgrade repeats them
        done = subprocess.run(
            ["bash", "-euc", f"umask 022\n{script}"],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    installed = root / "opt/swallow"
    assert {path.name for path in installed.iterdir()} == {*PROJECT, *FILES, ".env", ".venv"}
    assert (installed / ".env").readlink() == root / "etc/swallow/swallow.env"
    assert (root / "etc/swallow/swallow.env").stat().st_mode & 0o777 == 0o640
    assert (root / "etc/systemd/system/swallow.service").is_file()
    contents = [file.read_text("utf-8") for file in root.rglob("*") if file.is_file()]
    assert not any(SECRET in content for content in contents)


def test_what_is_installed_is_all_that_the_package_is_built_from() -> None:
    """`pip install` in the folder of the service needs these, and the packages."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")

    assert 'readme = "README.md"' in project
    assert 'license-files = ["LICENSE"]' in project
    assert 'include = ["bot*", "tasks*", "trainer*"]' in project
