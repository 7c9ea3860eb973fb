"""What changes for each profile: every kind of change, in both files, with the names only."""

from __future__ import annotations

import pytest

from tests.fakes.example import SECRET
from tests.unit.migrate.files import files, intake, keys, setup
from vault.migrate import key_removal, undo
from vault.migrate.changed_keys import by_profile
from vault.migrate.edit_plan import EditPlan
from vault.profiles.edit import Hunk


def changed(run):
    return {
        one.profile: (one.new, [(key.key, key.action, key.file) for key in one.keys])
        for one in by_profile(run.plan.changes(run.files))
    }


def test_a_profile_that_is_set_up():
    """Added, prefixed, and a call of another program that becomes awsvault-py's."""
    run = setup(
        "[profile work]\ncredential_process = aws-vault export work\n[profile dev]\nrole_arn = arn:aws:iam::222222222222:role/R\n"
        "source_profile = work\nregion = eu-west-1\n"
    )
    run.run(())
    assert changed(run) == {
        "work": (False, [("credential_process", "changed", "config")]),
        "dev": (
            False,
            [("role_arn", "prefixed", "config"), ("source_profile", "prefixed", "config"), ("credential_process", "added", "config")],
        ),
    }  # fmt: skip


def test_a_profile_that_no_file_has():
    """A key of the vault that is named: its section is new."""
    run = setup("", entries=("my key",))
    run.run(("my key",))
    assert changed(run) == {"my key": (True, [("credential_process", "added", "config")])}


def test_a_key_that_leaves():
    """Names only, no value."""
    config, credentials = "[profile work]\nregion = x\n", keys("work")
    held, taken = files(config, credentials), intake(config, credentials)
    taken, plan = key_removal.plan_removal(held, taken, env={}, words=("/bin/x",), known={}, setting_up=False)
    (one,) = by_profile(plan.changes(held))
    assert [(key.key, key.action, key.file) for key in one.keys] == [
        ("aws_access_key_id", "removed", "credentials"),
        ("aws_secret_access_key", "removed", "credentials"),
    ]
    assert SECRET not in str(one)


@pytest.mark.parametrize("indent", ["", "  "])
def test_continuation_lines_are_no_keys(indent):
    """Neither under the key that changes, nor in a file whose lines are all indented."""
    lines = f"{indent}s3 =\n{indent}  use_accelerate_endpoint = true\n".encode()
    hunk = Hunk(0, lines, b"", "work")
    gone = undo.Change(path="config", kind="config", before=b"", after=b"x", hunks=(hunk,))
    ((only,),) = (one.keys for one in by_profile([gone]))
    assert (only.key, only.action) == ("s3", "removed")


def test_a_file_of_another_program_is_no_profile():
    """Only AWS's files have profiles."""
    gone = undo.Change(
        path="keys.csv", kind="", before=b"a = b\n", after=None, hunks=(Hunk(0, b"a = b\n", b"", ""),)
    )
    assert by_profile([gone]) == ()
    assert EditPlan().changes(files("")) == []


def test_a_profile_that_is_removed():
    """With the names of its keys; what stands before it is not changed."""
    held = files("[profile a]\nx = y\n\n[profile work]\nregion = x\ncredential_process = p\n")
    plan = EditPlan(config=[held.config.remove_section("work")])
    (one,) = by_profile(plan.changes(held), ["a", "work"])
    assert (one.profile, one.new, one.removed) == ("work", False, True)
    assert [(key.key, key.action) for key in one.keys] == [
        ("region", "removed"),
        ("credential_process", "removed"),
    ]
