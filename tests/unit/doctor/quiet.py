"""Homes that only look wrong: for each check of doctor, a sound home in which it must stay silent."""

from __future__ import annotations

import json
import os
import sys
import time

from tests.fakes.example import SERIAL
from tests.home import COMMAND, PASSPHRASE
from tests.remotes import with_remote
from tests.unit.doctor.homes import (
    BREAK,
    KEYS,
    Sound,
    cli_token,
    log_under,
    no_device,
    sign_in,
    with_tpm,
)
from tests.vaults import soon
from vault import limits
from vault.cache.audit_log import rewrap
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _setting(home: Sound) -> None:
    path = home.file("config.toml")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write('agent = "off"\n')


def _no_sessions(home: Sound) -> None:
    folder = os.path.join(home.root, ".aws", "cli", "cache")
    os.makedirs(folder)
    for name, value in (("a.json", {"accessToken": None}), ("b.json", []), ("c.txt", {"Credentials": {}})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(value, file)


def _token_of_another_place(home: Sound) -> None:
    sign_in(home)
    cli_token(home, "another")


def _ignored_tree(home: Sound) -> None:
    BREAK["git-work-tree"](home)
    with open(os.path.join(home.root, ".gitignore"), "w", encoding="utf-8") as file:
        file.write("/.aws/\n/vault/\n")


def _linked_copy(home: Sound) -> None:
    link = os.path.join(home.root, "awsvault-py")
    os.symlink(COMMAND, link)
    home.change_config(COMMAND + " export dev", link + " export dev")


def _whole_entry(home: Sound) -> None:
    folder = from_env(home.env).sessions
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name, size in (("a" * 40, limits.ENTRY_BLOCK), ("b" * 40 + ".lock", 0)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(bytes(size))


def _no_socket(home: Sound) -> None:
    os.makedirs(os.path.dirname(from_env(home.env).socket), mode=0o700, exist_ok=True)


def _more(home: Sound, text: str) -> None:
    home.change_config("[profile prod]", f"{text}\n[profile prod]")


def _other_device(home: Sound) -> None:
    home.edit(lambda payload: payload.without_seed(SERIAL))
    with open(home.config_path, encoding="utf-8") as file:
        text = file.read()
    home.config(
        text.replace(f"mfa_serial = {SERIAL}", f"mfa_serial = {SERIAL}\nmfa_process = {sys.executable} -V")
    )


def _no_automatic_copy(home: Sound) -> None:
    for found in os.listdir(home.awsvault_home):
        if found.startswith("vault.avlt.bak"):
            os.unlink(home.file(found))


def _env(home: Sound, **values: str) -> None:
    home.env |= values


def _log_half_rekeyed(home: Sound) -> None:
    """A clear that was killed before its write: the log's key is also wrapped under the next cache key."""
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    log_under(home, opened.cache_key)
    rewrap(
        paths.log,
        old=opened.cache_key,
        new=vault.new_key(),
        vault_id=opened.vault_id,
        deadline=soon(),
        ahead=True,
    )


def _rotation_since(home: Sound) -> None:
    """A journal is no edit that others need, and the environment signs syncs."""
    with_remote(home)
    home.edit_entry(journal=vault.RotationJournal(step="grace", began=int(time.time())))


# The look-alike, by the check that must not fall for it.
QUIET: dict[str, Callable[[Sound], object]] = {
    "broken-file": lambda h: os.chmod(h.config_path, 0o644),
    "broken-settings": _setting,
    "plaintext-keys": lambda h: h.credentials(
        "[other]\nregion = us-east-1\n# aws_secret_access_key = YOUR_SECRET_KEY_HERE\n"
    ),
    "plaintext-cache": _no_sessions,
    "plaintext-sign-in": _token_of_another_place,
    "open-aws-files": lambda h: (h.credentials("[other]\n"), os.chmod(os.path.dirname(h.config_path), 0o755)),
    "open-vault-files": lambda h: os.chmod(h.root, 0o755),
    "git-work-tree": _ignored_tree,
    "read-differently": lambda h: h.change_config("region = us-west-2", "region = us-west-2\nx = a#b;c"),
    "unknown-key": lambda h: h.change_config(
        "awsvault_role_arn", "awsvault_external_id = x\nawsvault_role_arn"
    ),
    "keys-before-process": lambda h: h.change_config(
        "[profile dev]", "[profile dev]\n" + KEYS.splitlines()[0]
    ),
    "role-before-process": lambda h: _more(
        h,
        "[profile plain]\nrole_arn = arn:aws:iam::222222222222:role/Plain\nsource_profile = shared-services\n",
    ),
    "rail-passed-by": lambda h: h.change_config(
        "[profile dev]", "[profile dev]\nawsvault_confirm = always\nawsvault_max_duration = 1h"
    ),
    "process-needs-shell": lambda h: h.change_config(COMMAND + " export dev", f'"{COMMAND}" export "dev"'),
    "process-by-name": lambda h: _more(h, "[profile theirs]\ncredential_process = /bin/sh -c true\n"),
    "process-missing": lambda h: _more(h, "[profile theirs]\ncredential_process = /bin/sh -c true\n"),
    "process-older": _linked_copy,
    "broken-chain": lambda h: _more(h, "[profile bare]\nregion = us-east-1\nsource_profile = nobody\n"),
    "mfa-of-user": lambda h: h.change_config(SERIAL, "arn:aws:iam::111111111111:mfa/user/yourself"),
    "device-without-seed": _other_device,
    "program-without-device": lambda h: no_device(h, but=("dev", "prod")),
    "seed-without-device": lambda h: h.edit_entry(mfa_serial=None),
    "long-chained-role": lambda h: h.change_config(
        "awsvault_role_arn", "duration_seconds = 7200\nawsvault_role_arn"
    ),
    "custom-endpoint": lambda h: _env(
        h, AWS_ENDPOINT_URL="https://sts.example", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true"
    ),
    "signed-out": sign_in,
    "keys-in-environment": lambda h: _env(h, AWS_ACCESS_KEY_ID="ASIAEXAMPLE", AWSVAULT_PROFILE="dev"),
    "two-profile-variables": lambda h: _env(h, AWS_PROFILE="dev", AWS_DEFAULT_PROFILE="dev"),
    "unknown-profile": lambda h: _env(h, AWS_PROFILE="dev"),
    "passphrase-in-environment": lambda h: _env(h, AWSVAULT_PASSPHRASE=PASSPHRASE, CI="true"),
    "aws-vault-variable": lambda h: _env(
        h, AWS_VAULT="dev", AWS_VAULT_FILE_DIR="/keys", AWS_VAULT_FILE_PASSPHRASE="x", AWS_VAULT_PROMPT=""
    ),
    "no-vault": lambda h: h.edit(lambda payload: payload.without_entry("shared-services")),
    "vault-unreadable": lambda h: h.env.pop("AWSVAULT_PASSPHRASE_FILE"),
    "one-way-in": lambda h: h.env.pop("AWSVAULT_PASSPHRASE_FILE"),
    "no-backup": _no_automatic_copy,
    "no-pin": lambda h: h.env.pop("AWSVAULT_PASSPHRASE_FILE"),
    "keyring": lambda h: _env(h, AWSVAULT_KEYRING="off", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere"),
    "hardware-slot": with_tpm,
    "tpm-lockout": with_tpm,
    "old-key": lambda h: h.edit_entry(created=int(time.time()) - 89 * 86_400),
    "rotation": lambda h: h.edit_entry(created=int(time.time()) - 1),
    "old-sync": with_remote,
    "sync-conflict": with_remote,
    "unsent-edit": _rotation_since,
    "remote-profile": lambda h: with_remote(h, profile="dev"),
    "remote-key": _rotation_since,
    "unreadable-log": _log_half_rekeyed,
    "silent-agent": _no_socket,
    "unreadable-cache": _whole_entry,
}
