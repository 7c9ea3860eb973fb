"""What the commands of every day import, by sets: a module more costs each run of each user."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import running

pytestmark = pytest.mark.usefixtures("unmeasured")  # which counts imports of its own

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
# Of the standard library and the dependencies, beside what Python itself loads.
SMALL = {
    "__future__",
    "_blake2",
    "_hashlib",
    "_operator",
    "_socket",
    "binascii",
    "errno",
    "fcntl",
    "hashlib",
    "hmac",
    "warnings",
}
CTYPES = {"_ctypes", "_struct", "ctypes", "ctypes._endian", "struct", "resource"}
CIPHER = {"_cffi_backend", "_hashlib", "cryptography.__about__", "cryptography", "cryptography.hazmat", "cryptography.hazmat.bindings", "cryptography.hazmat.bindings._rust"}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from tests.fakes.aws import StandIn

    with StandIn() as aws, running(tmp_path_factory.mktemp("h"), aws) as made:
        made.settings("", trusted=())
        made.export("shared-services")
        yield made


def imported(home, *words):
    """The modules that ``words`` import, apart from those of a Python that does nothing."""
    done = subprocess.run(
        [sys.executable, "-S", "-X", "importtime", "-m", "vault", *words],
        env={**home.env, "PYTHONPATH": os.pathsep.join(sys.path)}, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    lines = [
        line.rpartition("|")[2].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    ]
    return set(lines[lines.index("runpy") + 1 :] if "runpy" in lines else lines)


def others(modules):
    return {name for name in modules if name.partition(".")[0] != "vault"}


def test_cold_export_imports_what_a_call_takes(home):
    """With the MFA session kept and an open agent: no click, no typing, no re, no modules for mail."""
    found = imported(home, "export", "dev")
    assert "vault.aws.sts" in found
    assert others(found) <= SMALL | CTYPES | CIPHER | {"_json", "importlib", "pyexpat"}
    assert len(found - others(found)) <= 106


# What each command imports beside SMALL, and how many of the program's own modules.
EVERYDAY = {
    "list": (CTYPES | {"_json", "types"}, 34),
    "explain dev": (CIPHER | {"_json", "types"}, 81),
    "whoami dev": (CTYPES | CIPHER | {"_json", "importlib", "pyexpat", "types"}, 110),
    "log": (CTYPES | CIPHER | {"_json", "types"}, 44),
    "--help": (set(), 13),
}


@pytest.mark.parametrize("words", EVERYDAY)
def test_everyday_commands_import_what_they_use(words, home):
    """No click, no rich, no keyring, no Argon2, no typing, no re."""
    found = imported(home, *words.split())
    allowed, own = EVERYDAY[words]
    assert others(found) <= SMALL | allowed
    assert len(found - others(found)) <= own


def test_status_imports_no_click(home):
    """It reads the vault's header, whose records load dataclasses; but nothing that is only for options or calls."""
    found = imported(home, "status")
    assert (
        not {"click", "rich", "keyring", "argon2", "ssl", "socket", "http.client", "vault.aws.transport"}
        & found
    )
    assert len(found - others(found)) <= 109
