"""A damaged vault: which backup the message names."""

from __future__ import annotations

import base64
import json
import os

import pytest

from tests.vaults import entry, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import vault

with open(os.path.join(os.path.dirname(__file__), "../../data/vault/golden.json"), encoding="utf-8") as _file:
    GOLDEN = json.load(_file)


SMALL = GOLDEN[0]


def place(tmp_path, golden):
    """The golden file in a vault's place."""
    paths = paths_in(tmp_path)
    os.makedirs(paths.vault_folder, mode=0o700)
    fd = os.open(paths.vault, os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(fd, base64.b64decode(golden["file"]))
    os.close(fd)
    return paths


def main_key(golden):
    return Secret(bytes.fromhex(golden["k_main"]))


@pytest.mark.parametrize("at", [0, 9, 20, 300, 400, 3000, 5000])
def test_a_damaged_file_exits_9_and_names_the_newest_backup_that_opens(tmp_path, at):
    """From magic to strict box, the error is Damaged and its hint leads to a copy that opens."""
    paths = place(tmp_path, SMALL)
    opened = vault.edit(
        paths, main_key(SMALL), lambda p: p.without_seed("none").with_entry("b", entry()), deadline=soon()
    )
    _damage(paths.vault, at)
    with pytest.raises(errors.Damaged) as caught:
        vault.open_with_passphrase(paths, Secret(SMALL["passphrase"]), deadline=soon())
    assert caught.value.exit_code == 9
    if at not in (20, 300, 400):  # where the header is still JSON the pin speaks: see test_pin
        assert "vault.avlt.bak1 (generation 7, 2023-11-14T22:13:20Z)" in caught.value.hint
    assert opened.header.gen == 8
    with pytest.raises(errors.Damaged):
        vault.open_with_main_key(paths, main_key(SMALL))


def test_a_damaged_vault_without_any_backup_says_so(tmp_path):
    """The hint sends to a backup that the user made."""
    paths = place(tmp_path, SMALL)
    _damage(paths.vault, 3000)
    with pytest.raises(errors.Damaged) as caught:
        vault.open_with_passphrase(paths, Secret(SMALL["passphrase"]), deadline=soon())
    assert "restore FILE" in caught.value.hint


def _damage(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_only_a_backup_that_opens_is_named(tmp_path):
    """The newest one is as damaged as the vault: the one after it is the way out."""
    paths = place(tmp_path, SMALL)
    key = main_key(SMALL)
    for name in "abc":
        vault.edit(paths, key, lambda p, name=name: p.with_entry(name, entry()), deadline=soon())
    _damage(paths.vault, 0)
    _damage(paths.vault + ".bak1", 3000)
    with pytest.raises(errors.Damaged) as caught:
        vault.open_with_passphrase(paths, Secret(SMALL["passphrase"]), deadline=soon())
    assert "vault.avlt.bak2" in caught.value.hint
