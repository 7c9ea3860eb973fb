"""What `import` reports of keys that cannot be moved, for the user and for a program."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.example import KEY_ID, SECRET

pytestmark = pytest.mark.usefixtures("inside")

GONE_ID, GONE = "AKIAGONEGONEGEXAMPLE", "goneGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEYS"


@pytest.fixture
def two(home):
    """Two keys in plaintext, of which AWS knows one."""
    home.config(
        f"[profile work]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
        f"[profile gone]\naws_access_key_id = {GONE_ID}\naws_secret_access_key = {GONE}\n"
    )
    return home


def test_a_key_that_aws_refuses_is_in_the_document(two):
    """The exit code is AWS's refusal, the document has what was done and what was not, and neither stream has a secret."""
    done = two.run("import", "--yes", "--json")
    assert done.returncode == 7
    found = json.loads(done.stdout)
    (key,) = found["keys"]
    assert (key["entry"], key["user"], key["stored"], found["applied"]) == ("work", "yourself", True, True)
    assert [left["profile"] for left in found["skipped"]] == ["gone"]
    assert "Not imported: gone" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert GONE not in done.stdout + done.stderr


def test_without_a_yes_there_is_no_document(two):
    """As for every command that fails: nothing on stdout, no vault, and the file as it was."""
    done = two.run("import", "--json")
    assert (done.returncode, done.stdout) == (10, "")
    assert not os.path.exists(two.file("vault.avlt"))


def test_nothing_to_import_is_an_empty_document(home):
    """No file of AWS's."""
    done = home.run("import", "--json", "--yes")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["keys"] == []
