"""The entry: what ends the program before a command runs."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import PathFinder

import pytest

import vault
import vault.agent
from tests.home import COMMAND
from tests.patience import PATIENCE
from vault.__main__ import OwnModules

INTERRUPTED = """
import sys, types

def serve(argv):
    raise KeyboardInterrupt

sys.modules["awsvault_warm"] = types.ModuleType("awsvault_warm")
sys.modules["awsvault_warm"].serve = serve
sys.argv = sys.argv[1:]
with open(sys.argv[0]) as script:
    exec(compile(script.read(), sys.argv[0], "exec"))
"""


def test_ctrl_c_before_any_command_runs_shows_no_traceback():
    """130, as after any Ctrl-C, while the first modules are being loaded."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, COMMAND, "export", "dev"],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(("name", "package"), [("vault.errors", vault), ("vault.agent.link", vault.agent)])
def test_a_module_of_the_program_is_found_as_python_finds_it(name, package):
    """The same file, the same compiled file, the same kind of loader: nothing else depends on who found it."""
    found, usual = OwnModules.find_spec(name, package.__path__), PathFinder.find_spec(name, package.__path__)
    for attribute in ("name", "origin", "cached", "parent", "has_location", "submodule_search_locations"):
        assert getattr(found, attribute) == getattr(usual, attribute), attribute
    assert (type(found.loader), found.loader.path) == (type(usual.loader), usual.loader.path)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vault", None),
        ("vault.agent", vault.__path__),
        ("vault.none", vault.__path__),
        ("json.decoder", ["/usr/lib"]),
        ("vaulted.errors", vault.__path__),
    ],
)
def test_everything_else_is_left_to_python(name, path):
    """Packages, what is missing, and what is not the program's."""
    assert OwnModules.find_spec(name, path) is None


@pytest.mark.usefixtures("unmeasured")
def test_a_module_that_is_missing_is_named_as_by_python():
    """The finder is there once, however often the program starts in one process."""
    code = """
import sys
from vault.__main__ import OwnModules, main
for _ in range(2):
    try:
        sys.argv = ["awsvault-py", "session-refresh", "a", "b", "c"]
        main(asked=True)
    except SystemExit:
        pass
assert sys.meta_path.count(OwnModules) == 1
import vault.none
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'vault.none'\n")


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("options", [(), ("-P",)])
def test_a_file_of_the_current_folder_replaces_no_library(tmp_path, options):
    """An SDK runs `python -m vault` in whatever folder it was started."""
    (tmp_path / "click.py").write_text("print('taken over')")
    done = subprocess.run(
        [sys.executable, *options, "-m", "vault", "nonsense"],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
