"""AWS's files that root made, met by somebody else: read by every command of moving in, and rewritten by none."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import sys
import tempfile

import pytest

import vault
from tests.fakes.example import KEY_ID, SECRET
from tests.home import Home
from tests.vaults import make
from vault.cli.main import run

SOMEBODY = 54_321
CONFIG = """\
[profile shared-services]
region = us-east-1

[profile dev]
role_arn = arn:aws:iam::222222222222:role/OpenRole
source_profile = shared-services
"""
CREDENTIALS = f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
# What commands import late, of others: somebody else may not be let into the folder of this interpreter.
LATE = (
    "resource",
    "argon2.low_level",
    "difflib",
    "encodings.idna",
    "http.client",
    "secretstorage",
    "shlex",
    "shutil",
    "tomllib",
)


@pytest.fixture
def home(aws):
    """Somebody's home, its vault holding the key already; both of AWS's files are root's, and readable."""
    folder = tempfile.mkdtemp(dir="/tmp", prefix="roots-")
    os.chmod(folder, 0o755)
    home = Home(os.path.join(folder, "home"), url=aws.url)
    make(home.env, entry="shared-services", key_id=KEY_ID, secret=SECRET)
    home.config(CONFIG)
    with open(os.path.join(home.root, ".aws", "credentials"), "w", encoding="utf-8") as file:
        file.write(CREDENTIALS)
    for at, folders, names in os.walk(folder):
        for name in (*folders, *names):
            os.chown(os.path.join(at, name), SOMEBODY, SOMEBODY)
    for name in ("config", "credentials"):
        os.chown(os.path.join(home.root, ".aws", name), 0, 0)
        os.chmod(os.path.join(home.root, ".aws", name), 0o644)
    yield home
    shutil.rmtree(folder)


def as_somebody(home, *arguments):
    """The command, in a process of another user: its exit code and all that it said."""
    own_files = (
        m.name for m in pkgutil.walk_packages(vault.__path__, "vault.") if not m.name.endswith("__main__")
    )
    for name in (*LATE, *own_files):
        importlib.import_module(name)
    said = os.memfd_create("said")
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(SOMEBODY)
            os.setuid(SOMEBODY)
            for stream in (1, 2):
                os.dup2(said, stream)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            os.environ.clear()
            os.environ.update(home.env)
            os.chdir("/")
            code = run(list(arguments))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        finally:
            os._exit(99)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(said, "rb") as file:
        file.seek(0)
        return code, file.read().decode()


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("setup", "--yes"), "+awsvault_role_arn"),
        (("import", "--yes"), "-aws_secret_access_key = (hidden)"),
    ],
)
def test_the_change_is_printed_and_not_made(home, arguments, shown):
    """The change is shown, exit 1 says that the user must make it, and the message names the file's owner."""
    code, said = as_somebody(home, *arguments)
    assert code == 1, (code, said)
    assert shown in said
    assert "is owned by root, so awsvault-py does not write it" in said
    for name, text in (("config", CONFIG), ("credentials", CREDENTIALS)):
        with open(os.path.join(home.root, ".aws", name), encoding="utf-8") as file:
            assert file.read() == text


def test_doctor_names_it_and_leaves_it(home):
    """The finding stands, --fix says why the file was left."""
    process = f"{sys.executable} -m vault export dev"
    with open(home.config_path, "w", encoding="utf-8") as file:
        file.write(CONFIG.replace("[profile dev]", f"[profile dev]\ncredential_process = {process}"))
    code, said = as_somebody(home, "doctor", "--fix", "--yes")
    assert code == 1, (code, said)
    assert "[role-before-process]" in said
    assert f"Not changed: {home.config_path} is owned by root" in said
