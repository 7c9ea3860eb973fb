"""shell-init: what it imports, and mistakes in its command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.home import failed
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(home):
    """The README's profiles, one in production, and one whose name is a command to a shell."""
    home.scenario()
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write('[profile live]\nawsvault_environment = production\n[profile "$(touch pwned)"]\n')
    return home


def test_it_imports_neither_click_nor_json(home):
    """It is read at each start of a shell: the imports are counted, not the time."""
    code = (
        "import os, sys; sys.argv = ['awsvault-py', 'shell-init', 'bash']\n"
        "os._exit = sys.exit\n"
        "from vault.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'click', 'json', 'cryptography', 'subprocess'} & set(sys.modules)))"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_and_mistakes_are_clicks(home):
    """A wrong word is a usage error as everywhere."""
    assert "avp" in home.run("shell-init", "--help").stdout
    assert home.run("shell-init", "csh").returncode == 2
    assert home.run("shell-init").returncode == 2


def test_a_full_disk_is_said(home):
    """It is no bug."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [home.command, "shell-init", "bash"], env=home.env, stdin=subprocess.DEVNULL, stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == 6
    assert "cannot write to standard output: No space left on device" in done.stderr


def test_a_missing_shell_is_said_on_one_line(home):
    """With the shells that there are, and no control character of click's own layout."""
    for command in ("shell-init", "completion"):
        done = home.run(command)
        failed(done, 2, "bash, zsh, fish")
        assert "\\x" not in done.stderr
