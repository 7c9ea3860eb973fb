"""The real aws-vault with a store of its own."""

from __future__ import annotations

import os
import subprocess

from tests.clients.builds import aws_vault
from tests.patience import PATIENCE


class AwsVault:
    """aws-vault with a store of its own for ``home``: files, or a collection of ``desktop``'s keyring."""

    def __init__(
        self, home, passphrase: str = "the passphrase of another store", *, desktop=None, **env: str
    ) -> None:
        self.program = aws_vault()
        self.folder = os.path.join(home.root, ".awsvault", "keys")
        self.passphrase = passphrase
        self.env = {
            "HOME": home.root,
            "PATH": os.environ["PATH"],
            "AWS_VAULT_BACKEND": "file",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/dev/null",  # else it starts a bus of its own, which stays
            "AWS_VAULT_FILE_PASSPHRASE": passphrase,
            "AWS_CONFIG_FILE": home.config_path,
            **env,
        }
        if desktop is not None:
            self.env |= {"AWS_VAULT_BACKEND": "secret-service", **desktop.env}

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )

    def add(self, name: str, key_id: str, secret: str, *, config: bool = False) -> None:
        more = [] if config else ["--no-add-config"]
        self.run("add", name, "--env", *more, AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret)

    def names(self) -> list[str]:
        return self.run("list", "--credentials").stdout.split()
