"""Hardening, where the system forbids it."""

from __future__ import annotations

import ctypes
import resource
import subprocess
import sys

import pytest

from vault.system import hardening


def _forbidden(*_args, **_more):
    raise OSError(1, "not permitted")


def test_hardening_that_is_forbidden_ends_nothing(monkeypatch):
    """A sandbox without prctl or setrlimit opens the vault all the same."""
    monkeypatch.setattr(ctypes, "CDLL", _forbidden)
    monkeypatch.setitem(sys.modules, "ctypes", ctypes)  # or cffi would do it
    monkeypatch.setattr(resource, "setrlimit", _forbidden)
    assert not hardening.not_dumpable()
    hardening.before_keys()
    hardening.no_new_privileges()
    hardening.end_with_parent(0)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not hardening.not_dumpable()
    hardening.no_new_privileges()
    hardening.end_with_parent(0)


DUMPABLE = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1].split()))
from vault.system import hardening
assert hardening.not_dumpable()
by_cffi = "ctypes" not in sys.modules
import ctypes
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
print(by_cffi)
"""


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
@pytest.mark.parametrize(("without", "by_cffi"), [("", True), ("_cffi_backend", False)])
def test_the_kernel_is_told_with_and_without_ctypes(without, by_cffi):
    """ctypes takes 3 ms to import; a cryptography without cffi needs it."""
    done = subprocess.run(
        [sys.executable, "-c", DUMPABLE, without], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{by_cffi}\n"


@pytest.mark.usefixtures("unmeasured")
def test_a_cffi_that_is_different_is_no_error():
    """Its functions are not public: another version may have others."""
    code = "import _cffi_backend\n_cffi_backend.load_library = None\n" + DUMPABLE
    done = subprocess.run([sys.executable, "-c", code, ""], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
