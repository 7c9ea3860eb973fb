"""Variables of aws-vault that do nothing here: named one by one, with what does the same, and never with their values."""

from __future__ import annotations

import json
import os

import pytest

from vault.doctor.aws_vault_variables import INSTEAD, READ
from vault.doctor.checks import run
from vault.doctor.gather import gather

CHECK = "aws-vault-variable"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def found(home, **env):
    home.env |= env
    return {f.where: f for f in run(gather(home.context(), network=False), network=False) if f.check == CHECK}


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("AWS_VAULT_BACKEND", "awsvault-py slots"),
        ("AWS_VAULT_PROMPT", "AWSVAULT_PROMPT"),
        ("AWS_VAULT_KEYCHAIN_NAME", "slots add keyring"),
        ("AWS_VAULT_PASS_PREFIX", "passphrase_command"),
        ("AWS_VAULT_DURATION", "--duration"),
        ("AWS_VAULT_PROFILE_ENV", "exec --profile-env"),
        ("AWS_SESSION_TOKEN_TTL", "session_duration"),
        ("AWS_CHAINED_SESSION_TOKEN_TTL", "session_duration"),
        ("AWS_ASSUME_ROLE_TTL", "role_duration"),
        ("AWS_FEDERATION_TOKEN_TTL", "login --duration"),
        ("AWS_MFA_SERIAL", "mfa_serial"),
    ],
)
def test_what_does_the_same_is_named(home, name, instead):
    """A note, which leaves the exit code alone."""
    finding = found(home, **{name: "1h"})[name]
    assert finding.level == "note"
    assert instead in finding.hint


def test_each_one_is_a_finding_of_its_own(home):
    """A shell's start-up file often sets several."""
    assert set(found(home, AWS_VAULT_PROMPT="ykman", AWS_ASSUME_ROLE_TTL="4h")) == {
        "AWS_VAULT_PROMPT",
        "AWS_ASSUME_ROLE_TTL",
    }


def test_one_of_a_later_version_is_found_by_its_name(home):
    """aws-vault gets new variables, whose names begin alike. One without a value does nothing there either."""
    assert set(found(home, AWS_VAULT_SOMETHING_NEW="x", AWS_VAULT_ANOTHER="")) == {"AWS_VAULT_SOMETHING_NEW"}


def test_no_value_is_shown(home):
    """Several of them are passphrases and tokens."""
    home.env |= {name: "hunter2-of-" + name for name in (*INSTEAD, *READ)}
    done = home.run("doctor", "--notes", "--json")
    assert done.returncode == 0, done.stdout
    assert {f["where"] for f in json.loads(done.stdout)["findings"]} == set(INSTEAD)
    assert "hunter2" not in done.stdout + done.stderr


def test_what_import_reads_is_no_finding(home):
    """Those that `import --aws-vault` reads, and no others."""
    with open(os.path.join(ROOT, "vault", "migrate", "foreign_stores.py"), encoding="utf-8") as file:
        text = file.read()
    assert all(name in text for name in READ)
    assert not [name for name in INSTEAD if name in text]
    assert found(home, **dict.fromkeys(READ, "/x")) == {}
