"""A sync that nobody asked for: which credentials it uses, and what it does not do for them."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE
from tests.vaults import soon
from vault import errors, limits
from vault.context import Context
from vault.machines import quiet_sync
from vault.secret import Secret
from vault.store import vault
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env

NO_KEY = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
SERIAL = "arn:aws:iam::111111111111:mfa/yourself"


def context_of(machine):
    clock = SystemClock()
    env = machine.home.with_env({"AWSVAULT_PASSPHRASE": None})
    return Context(
        env=env, paths=from_env(env), clock=clock, deadline=Deadline.after(50, clock=clock), attended=True
    )


def opened_of(context):
    return vault.open_with_passphrase(context.paths, Secret(PASSPHRASE), deadline=soon())


def test_program_for_codes_does_not_run(laptop, s3):
    """It may want a touch. The edit is done."""
    ran = laptop.home.file("ran")
    laptop.home.config(
        f"[profile dev]\nregion = us-east-1\nmfa_serial = {SERIAL}\nmfa_process = touch {ran}\n"
    )
    laptop.remote("--profile", "dev")
    laptop.syncs_by_itself()
    s3.requests.clear()
    assert laptop.run("add", "prod", "--env", "--no-verify").returncode == 0
    assert [method for method, _ in s3.requests] == ["PUT"]  # with the environment's key it needs no code
    s3.requests.clear()
    assert laptop.run("remove", "prod", "--yes", **NO_KEY).returncode == 0
    assert not os.path.exists(ran)
    assert s3.requests == []


def test_confirmation_is_not_asked_for(laptop, s3):
    """A profile that needs one does not sync by itself."""
    laptop.home.config("[profile dev]\nregion = us-east-1\nawsvault_confirm = always\n")
    laptop.remote("--profile", "dev")
    s3.requests.clear()
    context = context_of(laptop)
    context.env = {name: value for name, value in context.env.items() if name not in NO_KEY}
    opened = opened_of(context)
    with pytest.raises(errors.Declined, match="confirmation"):
        quiet_sync.sync(context, opened, quiet_sync.place_of(opened))
    assert s3.requests == []


def test_time_is_bounded(laptop):
    """By the constant, also for a user who has time."""
    assert quiet_sync.quiet(context_of(laptop)).deadline.remaining() <= limits.QUIET_SYNC


def test_nothing_to_sync_is_no_request(laptop, s3):
    """The note is of this vault file."""
    laptop.remote()
    s3.requests.clear()
    context = context_of(laptop)
    assert quiet_sync.after_edit(context, opened_of(context).k_main) == 0
    assert s3.requests == []


def test_other_main_key_is_left_alone(laptop, s3):
    """The command gave the vault new keys: it knows them, and this sync does not."""
    laptop.remote()
    laptop.add("prod", 1)
    s3.requests.clear()
    assert quiet_sync.after_edit(context_of(laptop), vault.new_key()) == 0
    assert s3.requests == []


def test_vault_of_a_copy_has_no_remote_yet(laptop, desktop, s3, tmp_path):
    """`init --from FILE` names no bucket."""
    laptop.remote()
    (tmp_path / "copy").write_bytes(s3.vault)
    desktop.ok("init", "--from", str(tmp_path / "copy"))
    desktop.syncs_by_itself()
    s3.requests.clear()
    with pytest.raises(errors.NotFound, match="no remote yet"):
        quiet_sync.place_of(opened_of(context_of(desktop)))
    desktop.add("prod", 1)
    assert s3.requests == []


def test_without_time_nothing_is_sent(laptop, s3, monkeypatch):
    """The time is that of every wait: for the credentials, for the bucket, for its answer."""
    laptop.remote()
    laptop.add("prod", 1)
    s3.requests.clear()
    monkeypatch.setattr(limits, "QUIET_SYNC", 0.0)
    context = context_of(laptop)
    with pytest.raises(errors.Unreachable):
        quiet_sync.after_edit(context, opened_of(context).k_main)
    assert s3.requests == []
