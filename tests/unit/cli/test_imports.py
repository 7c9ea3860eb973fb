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
    "_operator",
    "_sha2",
    "_sha256",
    "_socket",
    "binascii",
    "errno",
    "fcntl",
    "gc",
}
HARDENED = {"_cffi_backend", "resource"}
CIPHER = {"_cffi_backend", "types", "warnings", "cryptography.__about__", "cryptography", "cryptography.hazmat", "cryptography.hazmat.bindings", "cryptography.hazmat.bindings._rust"}  # fmt: skip


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
    """With the MFA session kept and an open agent: no click, no typing, no re, no OpenSSL of the system."""
    found = imported(home, "export", "dev")
    assert "vault.aws.sts" in found
    assert others(found) <= SMALL | HARDENED | CIPHER | {"_json", "pyexpat"}
    assert len(found - others(found)) <= 102


# What each command imports beside SMALL, and how many of the program's own modules.
EVERYDAY = {
    "status": (CIPHER | {"_json"}, 112),
    "list": (HARDENED | {"_json", "types"}, 35),
    "explain dev": (CIPHER | {"_json", "types"}, 79),
    "whoami dev": (HARDENED | CIPHER | {"_json", "pyexpat", "types"}, 109),
    "log": (HARDENED | CIPHER | {"_json", "types"}, 45),
    "--help": (set(), 12),
}


@pytest.mark.parametrize("words", EVERYDAY)
def test_everyday_commands_import_what_they_use(words, home):
    """No click, no rich, no keyring, no Argon2, no typing, no re, no dataclasses."""
    found = imported(home, *words.split())
    allowed, own = EVERYDAY[words]
    assert others(found) <= SMALL | allowed
    assert len(found - others(found)) <= own
    assert not {name for name in found if name.startswith(("vault.remote", "vault.sync", "vault.machines"))}
