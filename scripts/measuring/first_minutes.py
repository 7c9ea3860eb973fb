#!/usr/bin/env python3
"""Measure how long the first set-up takes: keystrokes and seconds from an empty home to `aws sts get-caller-identity`.

    scripts/measuring/first_minutes.py [--bin FOLDER] [--without-offer]

A scripted user types everything, also what one would paste, at a terminal against a stand-in for AWS. Seconds are the
keystrokes at 4 a second and the measured time of the machine. ``--bin`` measures another installation; ``--without-offer``
one whose `add` prints the profile, so that the user writes ~/.aws/config, and that has no sign-in. Prints a row of a table
for each path.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[0] = ROOT  # this folder would hide modules of the same names

import pexpect

from tests.aws_vault_files import PASSPHRASE as STORE_PASSPHRASE
from tests.aws_vault_files import item, sealed
from tests.fakes.aws import StandIn
from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import PASSPHRASE, Home
from vault.agent.client import Agent
from vault.mfa import codes
from vault.secret import Secret

TYPED_A_SECOND = 4
WAIT = 120  # seconds for a prompt
ROLE = "arn:aws:iam::222222222222:role/DeveloperRole"
ASK = "aws sts get-caller-identity --profile"
ROUNDS = 8_192  # of PBKDF2, as aws-vault's library writes them
# Now, and in older installations:
QUESTION = ["[y/N/d] ", "[y/N] "]
REPEAT = ["Repeat the new passphrase: ", "New passphrase again: "]
PATHS = {
    "key": "I have only a key",
    "import": "I have `~/.aws/credentials`",
    "aws-vault": "I have aws-vault, its encrypted files",
    "sign-in": "I use `aws sso login`",
}
READY = "first-minutes$ "
BLOCKS = f"""[profile shared-services]
region = us-east-1
credential_process = awsvault-py export shared-services
mfa_serial = {SERIAL}

[profile dev]
region = us-east-1
credential_process = awsvault-py export dev
awsvault_role_arn = {ROLE}
awsvault_source_profile = shared-services
mfa_serial = {SERIAL}
"""
SESSION = """[sso-session corp]
sso_region = us-east-1
sso_start_url = https://example.awsapps.com/start
sso_registration_scopes = sso:account:access
"""
AS_AWS_HAS_IT = f"""[profile dev]
region = us-east-1
role_arn = {ROLE}
source_profile = shared-services
mfa_serial = {SERIAL}
"""


class Typist:
    """A user at a shell: counts what is typed, and how long the machine takes to ask for more."""

    def __init__(self, home: Home, folder: str) -> None:
        env = {
            **home.env,
            "PATH": os.pathsep.join((folder, os.path.dirname(sys.executable), "/usr/bin", "/bin")),
            "PS1": READY,
            "AWSVAULT_PROMPT": "tty",
            "AWS_PAGER": "",
        }
        for name in ("AWSVAULT_PASSPHRASE", "AWSVAULT_AGENT"):
            env.pop(name, None)
        self.keys, self.machine = 0, 0.0
        shell = ["--norc", "--noprofile", "--noediting", "-i"]
        self.child = pexpect.spawn(
            "/bin/bash", shell, env=env, encoding="utf-8", timeout=WAIT, dimensions=(40, 200)
        )
        self.child.expect_exact(READY)

    def types(self, line: str, *, until: str | list[str] = READY) -> str:
        """Type a line, and wait for the next question or the shell's prompt; what was shown."""
        began = time.perf_counter()
        self.child.sendline(line)
        self.keys += len(line) + 1
        self.child.expect_exact(until)
        self.machine += time.perf_counter() - began
        return str(self.child.before)

    @property
    def seconds(self) -> float:
        """As a careful user takes."""
        return self.keys / TYPED_A_SECOND + self.machine


def with_a_key(user: Typist, *, offered: bool) -> None:
    """The path "I have only a key"."""
    user.types("awsvault-py add shared-services", until="New passphrase: ")
    user.types(PASSPHRASE, until=REPEAT)
    user.types(PASSPHRASE, until="Access key ID for shared-services: ")
    user.types(KEY_ID, until="(not shown): ")
    user.types(SECRET, until="(Enter for none): ")
    user.types(SERIAL, until="type codes instead): ")
    if offered:
        user.types(SEED, until="(Enter for none): ")
        user.types(ROLE, until="(Enter for developer): ")
        user.types("dev", until="(Enter for no more): ")
        user.types("", until="(Enter for us-east-1): ")
        user.types("", until="[Y/n] ")
        user.types("")
        return
    user.types(SEED)
    user.types("mkdir -p ~/.aws; cat > ~/.aws/config", until="\n")
    for line in BLOCKS.splitlines():
        user.types(line, until="\n")
    user.child.sendeof()
    user.keys += 1
    user.child.expect_exact(READY)


def with_credentials(user: Typist) -> None:
    """The path "I have ~/.aws/credentials"."""
    user.types("awsvault-py import", until="New passphrase: ")
    confirm_import(user)


def with_aws_vault(user: Typist) -> None:
    """The path "I have aws-vault"."""
    user.types("awsvault-py import --aws-vault", until="Passphrase of aws-vault's file store: ")
    user.types(STORE_PASSPHRASE, until="New passphrase: ")
    confirm_import(user)


def with_a_sign_in(user: Typist) -> None:
    """The path "I use aws sso login". The page of the sign-in is confirmed at once."""
    user.types("awsvault-py sso login", until="New passphrase: ")
    user.types(PASSPHRASE, until=REPEAT)
    user.types(PASSPHRASE)
    user.types("awsvault-py setup --sso corp --region us-east-1", until=QUESTION)
    user.types("y")


def confirm_import(user: Typist) -> None:
    """A passphrase for the new vault, and the yes to the changes."""
    user.types(PASSPHRASE, until=REPEAT)
    user.types(PASSPHRASE, until=QUESTION)
    user.types("y")


def whoami(user: Typist, *, code: bool, profile: str) -> None:
    """The line that must work; ``code``: the vault has no seed, so it asks for a code."""
    ask = f"{ASK} {profile}"
    if code:
        user.types(ask, until="MFA code of ")
        user.child.expect_exact(": ")
        seed = codes.parse_seed(Secret(SEED))
        shown = user.types(codes.code(seed, int(time.time()) // seed.period))
    else:
        shown = user.types(ask)
    if "assumed-role/DeveloperRole" not in shown:
        raise SystemExit(f"the last command failed:\n{shown}")


def has_credentials(home: Home) -> None:
    """AWS's two files, with the key in plaintext."""
    home.config(AS_AWS_HAS_IT)
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    write(path, f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")


def has_aws_vault(home: Home) -> None:
    """AWS's config file, and the key in aws-vault's encrypted files."""
    home.config(f"[profile shared-services]\nregion = us-east-1\n\n{AS_AWS_HAS_IT}")
    folder = os.path.join(home.root, ".awsvault", "keys")
    os.makedirs(folder, mode=0o700)
    write(os.path.join(folder, "shared-services"), sealed(item("shared-services"), rounds=ROUNDS))


def has_a_section(home: Home) -> None:
    """AWS's config file, with the place to sign in."""
    home.config(SESSION)


def has_nothing(home: Home) -> None:
    """Not even the folder of AWS's files."""
    os.rmdir(os.path.dirname(home.config_path))


def write(path: str, text: str) -> None:
    """A new file for its owner only."""
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)


def measured(path: str, folder: str, *, offered: bool) -> Typist:
    """One path from an empty home to the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root, StandIn() as aws:
        home = Home(os.path.join(root, "home"), url=aws.url)
        aws.world.assign("222222222222", "DeveloperRole", account_name="dev")
        has = {"import": has_credentials, "aws-vault": has_aws_vault, "sign-in": has_a_section}
        has.get(path, has_nothing)(home)
        user = Typist(home, folder)
        if path == "key":
            with_a_key(user, offered=offered)
        else:
            {"import": with_credentials, "aws-vault": with_aws_vault, "sign-in": with_a_sign_in}[path](user)
        by_import = path in ("import", "aws-vault")
        whoami(user, code=by_import, profile="dev/DeveloperRole" if path == "sign-in" else "dev")
        user.child.close()
        agent = Agent.reach(home.file("run/agent.sock"), answer=WAIT)
        if agent is not None:
            agent.ask("SHUTDOWN")
            agent.close()
        return user


def main() -> None:
    """Print a row for each path."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bin", default=os.path.dirname(sys.executable), help="the folder of the command to measure"
    )
    parser.add_argument(
        "--without-offer", action="store_true", help="its add only prints the profile to paste"
    )
    options = parser.parse_args()
    sys.stdout.write("| path | keystrokes | machine | seconds | editor |\n|---|---|---|---|---|\n")
    for path, shown in PATHS.items():
        if options.without_offer and path == "sign-in":
            continue
        user = measured(path, options.bin, offered=not options.without_offer)
        editor = "~/.aws/config, in an editor" if options.without_offer and path == "key" else "none"
        sys.stdout.write(
            f"| {shown} | {user.keys} | {user.machine:.1f} s | {user.seconds:.0f} s | {editor} |\n"
        )


if __name__ == "__main__":
    main()
