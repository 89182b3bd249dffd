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
READMES = ("README.md", "README.ja.md")


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


def run(script: str, folder: Path, umask: str = "022") -> None:
    done = subprocess.run(
        ["bash", "-euc", f"umask {umask}\n{script}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("readme", READMES)
def test_the_steps_install_the_project_and_nothing_private(
    checkout: Path, tmp_path: Path, readme: str
) -> None:
    root = tmp_path / "root"
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "opt").mkdir()
    script = steps(readme, root)

    run(script, checkout)
    run(script, checkout)  # as an upgrade repeats them

    installed = root / "opt/swallow"
    assert {path.name for path in installed.iterdir()} == {*PROJECT, *FILES, ".env", ".venv"}
    assert (installed / ".env").readlink() == root / "etc/swallow/swallow.env"
    assert (root / "etc/swallow/swallow.env").stat().st_mode & 0o777 == 0o640
    assert (root / "etc/systemd/system/swallow.service").is_file()
    contents = [file.read_text("utf-8") for file in root.rglob("*") if file.is_file()]
    assert not any(SECRET in content for content in contents)


@pytest.mark.parametrize("readme", READMES)
def test_repeated_steps_keep_the_tokens(checkout: Path, tmp_path: Path, readme: str) -> None:
    root = tmp_path / "root"
    (root / "etc/systemd/system").mkdir(parents=True)
    script = steps(readme, root)
    run(script, checkout)
    file = root / "etc/swallow/swallow.env"
    file.write_text(f"SLACK_BOT_TOKEN={SECRET}\n", "utf-8")

    run(script, checkout)

    assert file.read_text("utf-8") == f"SLACK_BOT_TOKEN={SECRET}\n"
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("readme", READMES)
def test_the_service_can_read_what_an_administrator_with_a_private_umask_installs(
    checkout: Path, tmp_path: Path, readme: str
) -> None:
    root = tmp_path / "root"
    (root / "etc/systemd/system").mkdir(parents=True)

    run(steps(readme, root), checkout, umask="077")

    assert (root / "opt/swallow/.venv").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("readme", READMES)
def test_every_copy_of_the_environment_template_is_private(
    checkout: Path, tmp_path: Path, readme: str
) -> None:
    """It is about to hold the tokens."""
    text = (ROOT / readme).read_text("utf-8").replace(" --group=swallow", "")
    copies = re.findall(r"((?:cp|install) [^`|\n]*swallow\.env\.example) ([\w./]+)", text)
    assert {target for _, target in copies} == {
        ".env",
        "deploy/swallow.env",
        "/etc/swallow/swallow.env",
    }
    for number, (command, _) in enumerate(copies):
        copy = tmp_path / f"copy-{number}"
        run(f"{command} {copy}", checkout)
        assert copy.stat().st_mode & 0o007 == 0, command


def test_what_is_installed_is_all_that_the_package_is_built_from() -> None:
    """`pip install` in the folder of the service needs these, and the packages."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")

    assert 'readme = "README.md"' in project
    assert 'license-files = ["LICENSE"]' in project
    assert 'include = ["bot*", "tasks*", "trainer*"]' in project
