"""The entry: what ends the program before a command runs."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from importlib.machinery import PathFinder, SourceFileLoader

import pytest

import vault
import vault.agent
from tests.home import COMMAND
from tests.patience import PATIENCE
from vault.__main__ import OwnModules

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
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


@pytest.mark.parametrize(
    ("name", "package"), [("vault.errors", vault), ("vault.agent.link", vault.agent), ("vault.agent", vault)]
)
def test_a_module_of_the_program_is_found_as_python_finds_it(name, package):
    """The same file, the same compiled file, the same kind of loader: nothing depends on which of them found it."""
    found, usual = OwnModules.find_spec(name, package.__path__), PathFinder.find_spec(name, package.__path__)
    for attribute in ("name", "origin", "cached", "parent", "has_location", "submodule_search_locations"):
        assert getattr(found, attribute) == getattr(usual, attribute), attribute
    assert isinstance(found.loader, type(usual.loader))
    assert found.loader.path == usual.loader.path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vault", None),
        ("vault.front", vault.__path__),
        ("vault.none", vault.__path__),
        ("json.decoder", ["/usr/lib"]),
        ("vaulted.errors", vault.__path__),
    ],
)
def test_everything_else_is_left_to_python(name, path):
    """What is missing, a folder that is no package, and what is not the program's."""
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


@pytest.mark.usefixtures("unmeasured")
def test_the_wheels_copy_is_not_loaded_twice():
    """The front has asked by it, and the rest of the program uses it too."""
    code = """
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
loader = SourceFileLoader("awsvault_warm", "vault/warm.py")
copy = sys.modules["awsvault_warm"] = module_from_spec(spec_from_loader("awsvault_warm", loader))
loader.exec_module(copy)
from vault.__main__ import main
try:
    sys.argv = ["awsvault-py", "session-refresh", "a", "b", "c"]
    main(asked=True)
finally:
    from vault import warm
    assert warm is copy
    from vault.system.paths import Paths
    assert Paths is copy.Paths
    print("the same")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=ROOT
    )
    assert done.stdout.endswith("the same\n"), done.stderr


TIME = py_compile.PycInvalidationMode.TIMESTAMP


class Module:
    """A module of a package in a folder, as its finder sees it."""

    def __init__(self, folder):
        self.path, self.then = str(folder / "one.py"), 1_700_000_000
        self.write("VALUE = 1\n")

    def write(self, text):
        """Another text; its time tells it from any other in the same second."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write(text)
        os.utime(self.path, (self.then, self.then))
        self.then += 10

    def value(self):
        """What a new process would import."""
        loader = OwnModules.find_spec("vault.one", [os.path.dirname(self.path)]).loader
        names = {}
        exec(loader.get_code("vault.one"), names)
        return names["VALUE"]

    @property
    def compiled(self):
        return OwnModules.find_spec("vault.one", [os.path.dirname(self.path)]).cached


@pytest.fixture
def module(tmp_path):
    """A module, compiled as the first process that imports it does."""
    made = Module(tmp_path)
    py_compile.compile(made.path, made.compiled, invalidation_mode=TIME)
    return made


def test_a_compiled_file_is_read_without_pythons_reader(module, monkeypatch):
    """The second process needs nothing but that file."""
    monkeypatch.setattr(SourceFileLoader, "get_code", None)
    assert module.value() == 1


def test_a_module_that_was_changed_is_compiled_again(module):
    """As by Python: the compiled file names the time and the size of its source."""
    module.write("VALUE = 2\n")
    assert module.value() == 2


@pytest.mark.parametrize("size", range(16))
def test_a_compiled_file_that_is_cut_short_is_not_used(module, size):
    """Python makes it again."""
    with open(module.compiled, "rb") as file:
        whole = file.read()
    with open(module.compiled, "wb") as file:
        file.write(whole[:size])
    assert module.value() == 1


@pytest.mark.parametrize("at", range(16))
def test_a_compiled_file_of_another_version_time_or_size_is_not_used(module, at):
    """Each byte of what it begins with counts."""
    with open(module.compiled, "rb") as file:
        whole = bytearray(file.read())
    module.then -= 10
    module.write("VALUE = 2\n")  # of the same time and size
    whole[at] ^= 0x80
    with open(module.compiled, "wb") as file:
        file.write(whole)
    assert module.value() == 2


@pytest.mark.parametrize("mode", py_compile.PycInvalidationMode)
def test_each_kind_of_compiled_file_is_good(module, mode):
    """Some packagers compile by hash: those are Python's to check."""
    py_compile.compile(module.path, module.compiled, invalidation_mode=mode)
    assert module.value() == 1


def test_a_file_that_was_compiled_elsewhere_names_the_file_that_is_here(module):
    """In a traceback, for example."""
    py_compile.compile(module.path, module.compiled, dfile="/build/one.py")
    loader = OwnModules.find_spec("vault.one", [os.path.dirname(module.path)]).loader
    assert loader.get_code("vault.one").co_filename == module.path


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("more", [["-O"], ["-X", "pycache_prefix=/nowhere/at/all"]])
def test_compiled_files_in_another_place_are_left_to_python(more):
    """Python knows their names."""
    code = "from vault.__main__ import OwnModules\nimport vault\nprint(type(OwnModules.find_spec('vault.errors', vault.__path__).loader).__name__)"
    done = subprocess.run(
        [sys.executable, *more, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout == "SourceFileLoader\n"
