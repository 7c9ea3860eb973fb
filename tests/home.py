"""A user's home for tests: an empty folder, the command beside this Python, and a vault made in milliseconds."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.forked import Forked, can
from tests.patience import PATIENCE
from vault.errors import Error
from vault.limits import TICK
from vault.system.clock import SystemClock
from vault.system.paths import from_env
from vault.system.settled import to_keep_under

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust

COMMAND = os.path.join(
    os.path.dirname(sys.executable), "awsvault-py"
)  # the Python front: scripts/test builds without the native one
STAND_IN = "127.0.0.1"  # where it is: no host of AWS's, so what AWS alone may get wants it trusted
PASSPHRASE = "correct horse battery staple"

SCENARIO = """\
[profile shared-services]
region = us-east-1
credential_process = {command} export shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself

[profile dev]
region = us-west-2
credential_process = {command} export dev
awsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself

[profile prod]
region = eu-west-1
credential_process = {command} export prod
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
"""


def uncounted(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` without coverage, for children in masses and for those whose modules or words are looked at."""
    return {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}


def as_late_as_a_start(env: Mapping[str, str]) -> None:
    """Let a change of what decides an answer become old, as it does while Python starts (vault/system/settled)."""
    with contextlib.suppress(OSError, Error):
        if to_keep_under(env, paths=from_env(env), clock=SystemClock()) is None:
            time.sleep(TICK)


class Home:
    """An empty home under ``root``. ``env`` is all that a command started from it sees."""

    def __init__(self, root: Any, *, url: str | None = None) -> None:
        self.root = str(root)
        self.forks = True
        self.command = COMMAND
        self.awsvault_home = os.path.join(self.root, "vault")
        self.config_path = os.path.join(self.root, ".aws", "config")
        os.makedirs(os.path.dirname(self.config_path), mode=0o700, exist_ok=True)
        self.env = {
            "HOME": self.root,
            "PATH": os.path.dirname(COMMAND) + os.pathsep + os.environ["PATH"],
            "AWSVAULT_HOME": self.awsvault_home,
            "AWSVAULT_PASSPHRASE": PASSPHRASE,
            "AWSVAULT_PROMPT": "none",
            "AWSVAULT_KEYRING": "off",
            "AWSVAULT_AGENT": "off",
            "AWS_EC2_METADATA_DISABLED": "true",
            "LANG": "C.UTF-8",
        }
        # so that runs of the command are counted where this process is measured
        self.env |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        if url is not None:
            self.env |= {"AWS_ENDPOINT_URL": url, "NO_PROXY": "127.0.0.1"}
            self.settings("")

    def use(self, command: str) -> None:
        """Run this command from now on, also where it is called by its name."""
        self.command = command
        self.env["PATH"] = os.path.dirname(command) + os.pathsep + self.env["PATH"]

    def config(self, text: str) -> None:
        """Write ~/.aws/config; ``{command}`` becomes the path of awsvault-py."""
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(text.replace("{command}", COMMAND))

    def settings(self, text: str, *, trusted: Sequence[str] = (STAND_IN,)) -> None:
        """Write config.toml: ``text``, and trust in the stand-in, which is no host of AWS's, unless ``trusted`` is another."""
        os.makedirs(self.awsvault_home, mode=0o700, exist_ok=True)
        named = f"trusted_hosts = {json.dumps(list(trusted))}\n" if trusted else ""
        path = self.file("config.toml")
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(text + named)

    def scenario(self) -> None:
        """The three profiles of the README."""
        self.config(SCENARIO)

    def file(self, name: str) -> str:
        """The path of one of our files."""
        return os.path.join(self.awsvault_home, name)

    def settle(self) -> None:
        """Let the last change of what decides an answer be so long ago that answers are kept (vault/system/settled)."""
        paths = from_env(self.env)
        while to_keep_under(self.env, paths=paths, clock=SystemClock()) is None:
            time.sleep(TICK / 4)

    def make_vault(
        self, entry: str = "shared-services", *, key_id: str = KEY_ID, secret: str = SECRET, seed: str | None = SEED,
        serial: str | None = SERIAL,
    ) -> None:  # fmt: skip
        """A vault with one key, by the library and with the cheapest KDF that the format allows."""
        from tests.vaults import make

        make(self.env, entry=entry, key_id=key_id, secret=secret, seed=seed, serial=serial)

    def run(
        self, *arguments: str, stdin: str | bytes = b"", **env: str | None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end; a keyword sets or (None) unsets a variable."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        with self.popen(*arguments, stdin=subprocess.PIPE, **env) as running:
            try:
                out, err = running.communicate(given, timeout=PATIENCE)
            except BaseException:
                running.kill()
                raise
        return subprocess.CompletedProcess(running.args, running.returncode, out.decode(), err.decode())

    def start(self, *arguments: str, **env: str | None) -> subprocess.Popen[bytes]:
        """Start the command with pipes on stdout and stderr and nothing on stdin."""
        return self.popen(*arguments, stdin=subprocess.DEVNULL, **env)

    def popen(self, *arguments: str, stdin: int, **env: str | None) -> subprocess.Popen[bytes]:
        """The command with pipes on stdout and stderr: forked where that is the same (tests/forked.py), else started."""
        whole = self.with_env(env)
        kind: type[subprocess.Popen[bytes]] = subprocess.Popen
        if self.forks and self.command == COMMAND and can(whole):
            kind = Forked
            as_late_as_a_start(whole)
        return kind(
            [self.command, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=whole
        )

    def export(self, profile: str, *more: str, **env: str | None) -> dict[str, Any]:
        """What ``export`` prints, which must have gone well and said nothing on stderr."""
        done = self.run("export", profile, *more, **env)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)

    def with_env(self, changes: dict[str, str | None]) -> dict[str, str]:
        """The home's environment with some variables set or (None) unset."""
        merged = {**self.env, **changes}
        return {name: value for name, value in merged.items() if value is not None}


def endpoint_trust(context: Context, told: list[str] | None = None) -> EndpointTrust:
    """What a command has to admit the stand-in; ``told`` hears of it."""
    from vault.keys.endpoint_trust import EndpointTrust

    return EndpointTrust(context, tell=(told if told is not None else []).append)


def failed(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    """Assert how a failure looks: its code, nothing on stdout, an error and a hint that say ``said``; an export's in ASCII."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == ""
    told = f"note: {STAND_IN}:"  # what gets a session, or is believed, is named before
    lines = [line for line in done.stderr.splitlines() if not line.startswith(told)]
    assert len(lines) == 2, done.stderr
    assert lines[0].startswith("awsvault-py: error: ")
    assert lines[1].startswith("awsvault-py: hint: ")
    assert "export" not in done.args or done.stderr.isascii()
    assert "Traceback" not in done.stderr
    for text in said:
        assert text in done.stderr, (text, done.stderr)
