"""panic: what the command says when AWS or this machine does not do its part."""

from __future__ import annotations

import json
import shutil

from tests.fakes.example import KEY_ID
from vault import errors
from vault.cli.panic import command


def test_the_command_says_that_the_vault_is_not_locked(bench, monkeypatch, capsys):
    """Every key is inactive and the vault is not locked: the command says so, prints the policy, and exits with the disk's code."""
    for name, value in bench.home.with_env({}).items():
        monkeypatch.setenv(name, value)
    state = bench.context().paths.state

    def gone():
        shutil.rmtree(state)
        with open(state, "w", encoding="utf-8"):
            pass

    bench.aws.faults.hook("UpdateAccessKey", "before", gone)
    code = command.main(["--yes"], prog_name="panic", standalone_mode=False)
    said = capsys.readouterr()
    assert code == errors.UnsafeFile.exit_code
    assert "could NOT be locked" in said.err
    assert "RevokeOlderSessions" in said.out
    assert set(bench.keys_at_aws().values()) == {"Inactive"}


def test_a_panic_that_reaches_nobody_says_what_its_policy_is_for(home, here):
    """Whose key it was AWS could not say, and a policy without a word would be a riddle on the worst of days."""
    home.make_vault()
    done = here(home, "panic", "--yes", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 8
    assert f"NOT inactive: {KEY_ID} of shared-services" in done.stderr
    assert "attach this policy to these users and to the roles:" in done.stderr
    assert json.loads(done.stdout)["Statement"][0]["Effect"] == "Deny"
