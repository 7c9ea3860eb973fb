"""Programs of this repository's history, so a clone without it cannot run the tests that use them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile

from tests.patience import PATIENCE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from vault.__main__ import main; main()"


def _git(*words):
    """What git says of this repository."""
    return subprocess.run(("git", "-C", ROOT, *words), capture_output=True, check=True).stdout


def program_before(package, folder):
    """Put the program of before ``package`` (vault/sync) was added into ``folder``, a Path."""
    first = _git("log", "--diff-filter=A", "--format=%H", "--reverse", "--", package).decode().split()
    assert first, "these tests need the whole history: git fetch --unshallow"
    with tarfile.open(fileobj=io.BytesIO(_git("archive", f"{first[0]}^", "vault"))) as archive:
        archive.extractall(folder, filter="data")
    assert not (folder / package).exists()
    return folder


def run_earlier(folder, home, *words, stdin="", **env):
    """What the program in ``folder`` prints for a command of ``home``, which must end well."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", START, str(folder), *words],
        env=home.with_env(env), input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
