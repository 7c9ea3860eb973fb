"""Commands that replace the master keys, which ends `import --undo`: they say so first."""

from __future__ import annotations

import os

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import failed

pytestmark = pytest.mark.usefixtures("inside")

OWN = "sunday gravel orchard mitten"


@pytest.fixture
def plaintext_home(home):
    """A home with one key in plaintext."""
    home.config("[profile shared-services]\nregion = us-east-1\n")
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    return home


def test_new_master_keys_end_the_undo_and_say_so_first(plaintext_home):
    """rekey and passwd warn while the last import can be undone, and not again afterwards."""
    ends = "`awsvault-py import --undo` can no longer undo your last import"
    assert plaintext_home.run("import", "--yes").returncode == 0
    failed(plaintext_home.run("rekey"), 10, "cancelled")
    done = plaintext_home.run("passwd", "--stdin", "--yes", stdin=OWN)
    assert done.returncode == 0, done.stderr
    assert done.stderr.index(ends) < done.stderr.index("The passphrase was changed.")
    again = plaintext_home.run("passwd", "--stdin", "--yes", stdin=OWN + "!", AWSVAULT_PASSPHRASE=OWN)
    assert (again.returncode, ends in again.stderr) == (0, False), again.stderr
    failed(
        plaintext_home.run("import", "--undo", "--yes", AWSVAULT_PASSPHRASE=OWN + "!"),
        10,
        "this import can no longer be undone",
    )
