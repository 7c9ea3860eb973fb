"""A home in which nothing is wrong, and ways to break it: one for each check of doctor."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from unittest import mock

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.fakes.tpm import EmulatedTpm
from tests.home import COMMAND, PASSPHRASE, SCENARIO, Home
from tests.remotes import change_note, with_remote
from tests.signins import START_URL
from tests.signins import sign_in as signed_in
from tests.vaults import new_vault, soon
from vault.aws.sso_portal import cli_token_path
from vault.cache.audit_log import AuditLog
from vault.context import Context
from vault.doctor.checks import run
from vault.doctor.gather import gather
from vault.secret import Secret
from vault.signin.record import AccessToken, ClientRecord
from vault.signin.sealed import SignIns
from vault.store import vault
from vault.store.slots.recovery import RecoverySlot
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.upkeep import backups, slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = "aws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n"
CODE = Secret(b"twenty bytes of code")


class Sound(Home):
    """A home after init, import, setup, a recovery code and a backup: doctor finds nothing in it."""

    def __init__(self, root: object) -> None:
        super().__init__(root)
        os.chmod(self.root, 0o700)
        secret = os.path.join(self.root, "passphrase")
        with open(secret, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(PASSPHRASE)
        self.env.pop("AWSVAULT_PASSPHRASE")
        self.env["AWSVAULT_PASSPHRASE_FILE"] = secret
        self.config(SCENARIO)
        os.chmod(self.config_path, 0o600)

    @property
    def credentials_path(self) -> str:
        return os.path.join(self.root, ".aws", "credentials")

    def credentials(self, text: str) -> None:
        with open(
            self.credentials_path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)
        ) as file:
            file.write(text)

    def change_config(self, old: str, new: str) -> None:
        with open(self.config_path, encoding="utf-8") as file:
            text = file.read()
        assert old in text
        self.config(text.replace(old, new))

    def context(self) -> Context:
        """A context as in a run by the user, except that the passphrase comes from a file."""
        env = {k: v for k, v in self.env.items() if k != "AWSVAULT_PASSPHRASE"}
        held = self.env.get("AWSVAULT_PASSPHRASE")
        clock = SystemClock()
        return Context(
            env=env, paths=from_env(env), clock=clock, deadline=Deadline.after(50, clock=clock), attended=True,
            passphrase=Secret(held) if held else None,
        )  # fmt: skip

    def edit(self, change: Callable[[vault.Payload], vault.Payload]) -> None:
        paths = from_env(self.env)
        opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
        vault.edit(paths, opened.k_main, change, deadline=soon())

    def edit_entry(self, **changes: object) -> None:
        def change(payload: vault.Payload) -> vault.Payload:
            entry = replace(payload.entries["shared-services"], **changes)  # type: ignore[arg-type]
            return payload.with_entry("shared-services", entry)

        self.edit(change)


def make(root: object) -> Sound:
    """The sound home, with a new vault."""
    home = Sound(root)
    paths = from_env(home.env)
    opened = new_vault(paths, others=[RecoverySlot(CODE)])
    entry = vault.Entry(
        access_key_id=KEY_ID, secret=Secret(SECRET), created=int(time.time()), mfa_serial=SERIAL
    )
    seed = vault.StoredSeed(secret=Secret(SEED), created=int(time.time()))
    opened = vault.edit(
        paths,
        opened.k_main,
        lambda p: p.with_entry("shared-services", entry).with_seed(SERIAL, seed),
        deadline=soon(),
    )
    backups.write(opened, os.path.join(home.root, "backup.avlt"))
    backups.remember(home.context(), opened.file)
    return home


def copy(sound: Sound, root: object) -> Sound:
    """Another sound home, with the files of the first."""
    shutil.copytree(sound.root, str(root), symlinks=True)
    return Sound(root)


def findings(home, *, network=False):
    """What doctor finds, by check."""
    with mock.patch.dict(os.environ, {}, clear=False) as env:
        env.pop("DBUS_SESSION_BUS_ADDRESS", None)  # no desktop's keyring in a test
        found = run(gather(home.context(), network=network), network=network)
    return {finding.check: finding for finding in found}


def _role_twice(home: Sound) -> None:
    home.change_config(
        "[profile prod]",
        "[profile far]\ncredential_process = {command} export far\nawsvault_role_arn = arn:aws:iam::222222222222:role/Far\n"
        "awsvault_source_profile = dev\nduration_seconds = 7200\n\n[profile prod]",
    )


def _cached_by_cli(home: Sound) -> None:
    folder = os.path.join(home.root, ".aws", "cli", "cache")
    os.makedirs(folder)
    with open(os.path.join(folder, "a.json"), "w", encoding="utf-8") as file:
        json.dump({"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "x"}}, file)
    with open(os.path.join(folder, "b.json"), "w", encoding="utf-8") as file:
        file.write("no session")


def _in_git(home: Sound) -> None:
    subprocess.run(["git", "init", "-q", home.root], check=True)


def _older_copy(home: Sound) -> None:
    folder = os.path.join(home.root, "old")
    os.makedirs(folder)
    with open(os.path.join(folder, "awsvault-py"), "w", encoding="utf-8", opener=_executable) as file:
        file.write("#!/bin/sh\necho awsvault-py 0.0.1\n")
    home.change_config(COMMAND + " export dev", os.path.join(folder, "awsvault-py") + " export dev")


def _executable(path: str, flags: int) -> int:
    return os.open(path, flags, 0o755)


def _silent(home: Sound) -> None:
    place = from_env(home.env).socket
    os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)


def _cut_entry(home: Sound) -> None:
    folder = from_env(home.env).sessions
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(os.path.join(folder, "a" * 40), "wb") as file:
        file.write(b"cut")


def log_under(home: Sound, cache_key: Secret) -> None:
    """Append one record to the log, as a process with this cache key does."""
    paths = from_env(home.env)
    vault_id = vault.read_header(paths).vault_id
    with AuditLog.open(paths.log, cache_key=cache_key, vault_id=vault_id) as journal:
        journal.append(b"one", deadline=soon(), start_over=True)


def _log_of_another_key(home: Sound) -> None:
    log_under(home, vault.new_key())


def _one_slot(home: Sound) -> None:
    shutil.rmtree(home.awsvault_home)
    new_vault(from_env(home.env))


def _damaged(home: Sound) -> None:
    with open(home.file("vault.avlt"), "r+b") as file:
        file.truncate(100)


def _without(home: Sound, name: str) -> None:
    """Remove what starts with ``name`` from the state folder. It must exist."""
    found = [n for n in os.listdir(home.file("state")) if n.startswith(name)]
    assert found
    for one in found:
        os.unlink(os.path.join(home.file("state"), one))


def sign_in(home: Sound, **more: object) -> None:
    """A stored sign-in of now, and a profile that uses it."""
    home.change_config(
        "[profile prod]",
        f"[sso-session corp]\nsso_region = us-east-1\nsso_start_url = {START_URL}\n\n"
        "[profile signed]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = DeveloperRole\n\n"
        "[profile prod]",
    )
    paths, now = from_env(home.env), int(time.time())
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    opened = vault.edit(paths, opened.k_main, lambda p: replace(p, sso_key=vault.new_key()), deadline=soon())
    backups.remember(home.context(), opened.file)
    client = ClientRecord(client_id="client", secret=Secret("its secret"), expires=now + 86_400)
    more = {"access": AccessToken(token=Secret("a token"), issued=now, expires=now + 3600), **more}
    key = opened.payload.sso_key
    assert key is not None
    with SignIns.open(paths, key=key, vault_id=opened.vault_id, create=True) as found:
        found.write(signed_in(client=client, **more))


def cli_token(home: Sound, name: str = "corp") -> None:
    path = cli_token_path(name, home=home.root)
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write("{}")


def _token_in_plaintext(home: Sound) -> None:
    sign_in(home)
    cli_token(home)


def _setting(home: Sound) -> None:
    with open(
        home.file("config.toml"), "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)
    ) as file:
        file.write("agent = 7\n")


def _open_all(home: Sound) -> None:
    home.credentials("[other]\nregion = us-east-1\n")
    os.chmod(home.credentials_path, 0o644)


def _env(home: Sound, **values: str) -> None:
    home.env |= values


def with_tpm(home: Sound) -> EmulatedTpm:
    """A TPM of the home's machine, with a slot."""
    emulated = EmulatedTpm(tempfile.mkdtemp(prefix="tpm"))  # short, as a socket's path must be
    _env(home, AWSVAULT_TPM=emulated.place)
    opened = vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())
    slots.add_tpm(home.context(), opened)
    return emulated


def _lost_tpm(home: Sound) -> None:
    emulated = with_tpm(home)
    emulated.end()
    shutil.rmtree(emulated.folder)


def no_device(home: Sound, *, but: tuple[str, ...] = ()) -> None:
    """The key and the profiles, apart from ``but``, have a program for codes in place of an MFA device."""
    home.edit_entry(mfa_serial=None)
    with open(home.config_path, encoding="utf-8") as file:
        sections = file.read().split("[profile ")
    line, program = f"mfa_serial = {SERIAL}", f"mfa_process = {sys.executable} -V"
    home.config(
        "[profile ".join(
            one if one.partition("]")[0] in but else one.replace(line, program) for one in sections
        )
    )


def _noted(home: Sound, **changes: object) -> None:
    with_remote(home)
    change_note(home, **changes)


def _edited_since(home: Sound) -> None:
    with_remote(home)
    home.edit_entry(access_key_id="AKIAI44QH8DHBEXAMPLE")


def _key_in_rotation(home: Sound) -> None:
    with_remote(home, profile="dev")
    home.edit_entry(journal=vault.RotationJournal(step="create", began=int(time.time())))


# What breaks a sound home, by the check that finds it.
BREAK: dict[str, Callable[[Sound], object]] = {
    "broken-file": lambda h: os.chmod(h.config_path, 0o666),
    "broken-settings": _setting,
    "plaintext-keys": lambda h: h.credentials("[other]\n" + KEYS),
    "plaintext-cache": _cached_by_cli,
    "plaintext-sign-in": _token_in_plaintext,
    "open-aws-files": _open_all,
    "open-vault-files": lambda h: os.chmod(h.file("state"), 0o755),
    "git-work-tree": _in_git,
    "read-differently": lambda h: h.change_config("region = us-west-2", "region = us-west-2 # Oregon"),
    "unknown-key": lambda h: h.change_config("awsvault_role_arn", "awsvault_role_arm = x\nawsvault_role_arn"),
    "keys-before-process": lambda h: h.credentials("[shared-services]\n" + KEYS),
    "role-before-process": lambda h: h.change_config("awsvault_role_arn", "role_arn"),
    "rail-passed-by": lambda h: h.change_config(
        "[profile dev]",
        "[profile plain]\nrole_arn = arn:aws:iam::222222222222:role/DeveloperRole\n"
        "source_profile = shared-services\nawsvault_confirm = always\n\n[profile dev]",
    ),
    "process-needs-shell": lambda h: h.change_config(COMMAND + " export dev", "~/bin/awsvault-py export dev"),
    "process-by-name": lambda h: h.change_config(COMMAND + " export dev", "awsvault-py export dev"),
    "process-missing": lambda h: h.change_config(COMMAND + " export dev", "/nowhere/awsvault-py export dev"),
    "process-older": _older_copy,
    "broken-chain": lambda h: h.change_config(
        "awsvault_source_profile = shared-services", "source_profile = nobody"
    ),
    "mfa-of-user": lambda h: h.change_config(SERIAL, "arn:aws:iam::111111111111:user/yourself"),
    "device-without-seed": lambda h: h.edit(lambda p: p.without_seed(SERIAL)),
    "program-without-device": no_device,
    "seed-without-device": lambda h: h.edit(
        lambda p: p.with_seed("arn:aws:iam::111111111111:mfa/lost", p.seeds[SERIAL])
    ),
    "long-chained-role": _role_twice,
    "custom-endpoint": lambda h: _env(h, AWS_ENDPOINT_URL="https://sts.example"),
    "signed-out": lambda h: sign_in(h, access=None, refresh=None),
    "keys-in-environment": lambda h: _env(h, AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET),
    "two-profile-variables": lambda h: _env(h, AWS_PROFILE="dev", AWS_DEFAULT_PROFILE="prod"),
    "unknown-profile": lambda h: _env(h, AWS_PROFILE="staging"),
    "passphrase-in-environment": lambda h: _env(h, AWSVAULT_PASSPHRASE=PASSPHRASE),
    "aws-vault-variable": lambda h: _env(h, AWS_VAULT_BACKEND="file"),
    "no-vault": lambda h: shutil.rmtree(h.awsvault_home),
    "vault-unreadable": _damaged,
    "one-way-in": _one_slot,
    "no-backup": lambda h: _without(h, "backup-"),
    "no-pin": lambda h: _without(h, "pin"),
    "keyring": lambda h: _env(h, AWSVAULT_KEYRING="auto"),
    "hardware-slot": _lost_tpm,
    "tpm-lockout": lambda h: with_tpm(h).lock_out(),
    "old-key": lambda h: h.edit_entry(created=int(time.time()) - 91 * 86_400),
    "rotation": lambda h: h.edit_entry(journal=vault.RotationJournal(step="grace", began=int(time.time()))),
    "old-sync": lambda h: _noted(h, at=int(time.time()) - 6 * 86_400),
    "sync-conflict": lambda h: _noted(h, asks=1),
    "unsent-edit": _edited_since,
    "remote-profile": lambda h: with_remote(h, profile="nobody"),
    "remote-key": _key_in_rotation,
    "unreadable-log": _log_of_another_key,
    "silent-agent": _silent,
    "unreadable-cache": _cut_entry,
}


def other(home, text):
    """Add a profile."""
    home.change_config("[profile prod]", f"[profile other]\n{text}\n\n[profile prod]")
