"""A log to write, read and damage in tests."""

import os

from tests.vaults import soon
from vault.cache.audit_log import AuditLog
from vault.secret import Secret

KEYS = {"cache_key": Secret(b"C" * 32), "vault_id": bytes(16)}


def write(path, *texts):
    for text in texts:
        with AuditLog.open(path, **KEYS) as journal:
            journal.append(text.encode(), deadline=soon())


def read(path):
    with AuditLog.open(path, **KEYS) as journal:
        return journal.read(deadline=soon())


def change(path, name, function):
    with open(os.path.join(path, name), "rb") as file:
        content = bytearray(file.read())
    with open(os.path.join(path, name), "wb") as file:
        file.write(function(content))


def damage(path, name, at=-1):
    """One bit of the file, at its end where nothing else is said."""

    def flipped(content):
        content[at] ^= 1
        return content

    change(path, name, flipped)
