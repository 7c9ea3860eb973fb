"""docs/how-to/install.md, by its own words: each way to install, in an empty home, with the command and completion working there."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from scripts.releasing import builds, trial
from vault import __version__

pytestmark = pytest.mark.usefixtures("unmeasured")

LIMIT = 540  # seconds, most of them the package index's
TOOLS = os.path.dirname(sys.executable)  # uv and pipx are beside this Python
COMPLETE = """\
eval "$(awsvault-py completion bash)"
COMP_WORDS=(awsvault-py expo) COMP_CWORD=1 COMP_LINE='awsvault-py expo' COMP_POINT=16
_awsvault_py
printf '%s\\n' "${COMPREPLY[@]}"
"""


def page(name):
    with open(os.path.join(builds.ROOT, "docs", "how-to", name), encoding="utf-8") as file:
        return file.read()


BLOCKS = re.findall(r"```sh\n(.*?)```", page("install.md"), re.DOTALL)
WAYS = {"uv": BLOCKS[0], "pipx": BLOCKS[1], "pinned": BLOCKS[2]}


@pytest.fixture
def copy(tmp_path):
    """The tracked files, elsewhere."""
    builds.copy_tracked(str(tmp_path / "copy"), private=False)
    return tmp_path / "copy"


@pytest.fixture
def shell(copy, tmp_path):
    """Runs a block in the copy, in an empty home, with uv, pipx and the system's programs on the PATH and nothing else."""
    home, tools = tmp_path / "home", tmp_path / "tools"
    home.mkdir()
    tools.mkdir()
    for name in ("uv", "pipx", "python3"):
        os.symlink(
            os.path.join(TOOLS, name) if name != "python3" else os.path.realpath(sys.executable), tools / name
        )
    kept = {
        name: value for name, value in trial.with_index().items() if name.startswith(("PIP_", "UV_", "SSL_"))
    }

    def run(block, *, code=0):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=copy,
            env={**kept, "HOME": str(home), "PATH": f"{home}/.local/bin:{tools}:/usr/bin:/bin", "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        assert done.returncode == code, (block, done.stdout, done.stderr)
        return done.stdout

    run.home = home
    return run


@pytest.mark.timeout(LIMIT + 60)
@pytest.mark.parametrize("way", WAYS)
def test_each_way(way, shell, tmp_path):
    """The version, completion, help and an export; then the way to uninstall leaves no command."""
    shell(WAYS[way])
    assert shell(BLOCKS[3]) == f"awsvault-py (native front) {__version__}\n"  # there is a compiler
    assert shell(COMPLETE).split() == ["export"]
    assert "complete -" in shell(BLOCKS[4] + "complete -p awsvault-py")
    assert shell("awsvault-py help export") == shell("awsvault-py export --help")
    program = str(shell.home / ".local" / "bin" / "awsvault-py")
    trial.use(program, str(tmp_path / "other"))
    page_of = {
        "uv": 'man -M "$(uv tool dir)/awsvault-py/share/man" awsvault-py-export',
        "pipx": "man awsvault-py-export",
    }
    if way in page_of:
        assert page_of[way] in page("install.md")
        assert "awsvault-py export" in shell(
            page_of[way].replace("man ", "man -w ") + " | xargs cat | tr -d '\\\\'"
        )
        (uninstall,) = re.findall(rf"^\| {way} \| `(.*?)` \|$", page("leave.md"), re.MULTILINE)
        shell(uninstall)
        assert not os.path.lexists(program)


@pytest.mark.timeout(LIMIT + 60)
def test_pinned_refuses_another_file(copy, shell):
    """A library whose hash is not the one in the repository is not installed, and neither is the program."""
    pins = copy / "requirements" / "run.txt"
    pins.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", pins.read_text()))
    shell(WAYS["pinned"], code=1)
    assert not (shell.home / ".local" / "bin").exists()


def test_the_page_asks_for_the_packages_python():
    """The version that the metadata asks for."""
    with open(os.path.join(builds.ROOT, "pyproject.toml"), encoding="utf-8") as file:
        wanted = re.search(r'requires-python = ">=(.*?)"', file.read())[1]
    assert f"Python {wanted} or newer" in page("install.md")
