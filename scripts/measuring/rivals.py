"""Other tools that do the same work: binaries named on the command line, and Python programs installed or found here."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

from scripts.measuring.places import KEY, Home
from scripts.measuring.runs import Command, once
from tests.fakes.example import KEY_ID, SECRET, SERIAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scripts.measuring.doors import Doors

AWSUME = "awsume==4.5.4"
PASSWORD = "correct horse battery staple"

BOTO3 = """
import json, os
import boto3
first = boto3.client("sts", aws_access_key_id={AccessKeyId!r}, aws_secret_access_key={SecretAccessKey!r}, region_name="us-east-1")
c = first.get_session_token(DurationSeconds=43200)["Credentials"]
second = boto3.client("sts", aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"],
                      aws_session_token=c["SessionToken"], region_name="us-east-1")
c = second.assume_role(RoleArn="arn:aws:iam::222222222222:role/OpenRole", RoleSessionName="bench")["Credentials"]
print(json.dumps({{"Version": 1, "AccessKeyId": c["AccessKeyId"], "SecretAccessKey": c["SecretAccessKey"],
                  "SessionToken": c["SessionToken"], "Expiration": c["Expiration"].isoformat()}}))
""".format(**KEY)


class Missing(NamedTuple):
    """A rival that cannot be measured here: its name, what was run, and what that said."""

    name: str
    command: str
    said: str


class NotBuilt(RuntimeError):
    """A rival could not be got or built: what was said, and ``command``, which said it."""

    def __init__(self, said: str, command: str) -> None:
        super().__init__(said)
        self.command = command


def boto3(home: Home) -> Command:
    """The same two calls by bare boto3, in the same environment, caching nothing."""
    return Command((home.clean.python, "-c", BOTO3), home.env)


class Rival:
    """Another tool, by the name that the page gives it. ``binary``: its absolute path.

    It has the roles ``dev`` and ``prod`` in ~/.aws/config, and their source key as it wants it. Its calls go to the stand-in: by
    AWS_ENDPOINT_URL, or by a proxy with AWS's own names if it does not know that (``by_proxy``, once it has run).
    """

    keeps = "a session that it keeps"
    by_proxy = False
    calls = "one call"  # of role()

    def __init__(self, name: str, binary: str, *, work: str, doors: Doors) -> None:
        self.name, self.binary, self._doors = name, binary, doors
        self.home = os.path.join(work, re.sub(r"[^a-z0-9.-]", "-", name.lower()) + "-home")
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.home + "/.aws", mode=0o700)
        write_plain_profiles(self.home)
        self.env = {"HOME": self.home, "PATH": "/usr/bin:/bin", "AWS_REGION": "us-east-1", **doors.any_way}
        self.prepare()

    def prepare(self) -> None:
        """Put its key and its settings where it reads them."""

    def try_out(self) -> None:
        """Run everything once, and see by which door its call to STS came. Failed where one of them fails."""
        once(self.role())  # what it keeps for the next one is kept
        before, by_proxy = self._doors.asked, len(self._doors.tls.calls)
        once(self.role())
        self.by_proxy = len(self._doors.tls.calls) > by_proxy
        made = self._doors.asked - before
        self.calls = "one call" if made == 1 else f"{made} calls"
        for command in (self.kept(), self.exec()):
            if command is not None:
                once(command)

    def export(self, profile: str = "dev") -> Command:
        """Its form for credential_process."""
        raise NotImplementedError

    def role(self) -> Command:
        """A role by one call to STS, whatever is kept."""
        return self.export()

    def kept(self) -> Command | None:
        """What it answers from what it keeps, without a call; None if it keeps nothing."""
        return self.export()

    def exec(self) -> Command | None:
        """A program that ends at once, with a session that it keeps; None if it cannot do that by itself."""
        return None

    def forget(self) -> None:
        """Its kept sessions away."""


class AwsVault(Rival):
    """aws-vault with its encrypted file backend. It keeps sessions of MFA (``shared``), and asks STS for a role at each run."""

    keeps = "a session of MFA that it keeps, no role"

    def prepare(self) -> None:
        self.env |= {
            "AWS_VAULT_BACKEND": "file",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/dev/null",  # else it starts a bus of its own, which stays
            "AWS_VAULT_FILE_DIR": self.home + "/keys",
            "AWS_VAULT_FILE_PASSPHRASE": PASSWORD,
        }
        os.unlink(self.home + "/.aws/credentials")
        code = self._doors.plain.code()
        with open(self.home + "/.aws/config", "a", encoding="utf-8") as file:
            file.write(
                f"[profile shared]\nregion = us-east-1\nmfa_serial = {SERIAL}\nmfa_process = echo {code}\n"
            )
        keys = {"base": (KEY["AccessKeyId"], KEY["SecretAccessKey"]), "shared": (KEY_ID, SECRET)}
        for name, (key_id, secret) in keys.items():
            subprocess.run(
                [self.binary, "add", "--env", name],
                env={**self.env, "AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret},
                check=True, capture_output=True,
            )  # fmt: skip
        once(self.export("shared"))  # while the code is good

    def export(self, profile: str = "dev") -> Command:
        return Command((self.binary, "export", "--format=json", profile), self.env)

    def kept(self) -> Command:
        return self.export("shared")

    def exec(self) -> Command:
        return Command((self.binary, "exec", "shared", "--", "/bin/true"), self.env)


class Granted(Rival):
    """granted's credential-process with its encrypted file backend; the source key lies in ~/.aws/credentials."""

    keeps = "a role that it keeps"

    def prepare(self) -> None:
        os.makedirs(self.home + "/.granted", mode=0o700)
        with open(self.home + "/.granted/config", "w", encoding="utf-8") as file:
            file.write(
                f'DefaultBrowser = "STDOUT"\n[Keyring]\nBackend = "file"\nFileDir = "{self.home}/keys"\n'
            )
        self.env |= {
            "CF_KEYRING_FILE_PASSWORD": PASSWORD,
            "GRANTED_DISABLE_UPDATE_CHECK": "true",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",  # else it looks for a desktop's keyring all the same
            "FORCE_NO_ALIAS": "true",
        }

    def export(self, profile: str = "dev") -> Command:
        return Command((self.binary, "credential-process", "--profile", profile), self.env)

    def role(self) -> Command:
        export = self.export()
        return export._replace(argv=(*export.argv, "--no-cache"))

    def forget(self) -> None:
        shutil.rmtree(self.home + "/keys", ignore_errors=True)


class AwsRunas(Rival):
    """aws-runas; the source key lies in ~/.aws/credentials, and its cache is plaintext."""

    keeps = "a role that it keeps in plaintext, after a call that says whose it is"

    def export(self, profile: str = "dev") -> Command:
        return Command((self.binary, "-O", "json", profile), self.env)

    def role(self) -> Command:
        return Command((self.binary, "-r", "-O", "json", "dev"), self.env)

    def exec(self) -> Command:
        return Command((self.binary, "dev", "/bin/true"), self.env)

    def forget(self) -> None:
        for path in glob.glob(self.home + "/.aws/.aws_*"):
            os.unlink(path)


class AwsCli(Rival):
    """AWS CLI v2 with a role of its own, which it caches in ~/.aws/cli/cache."""

    keeps = "the role in its own plaintext cache"

    def export(self, profile: str = "dev") -> Command:
        return Command(
            (self.binary, "configure", "export-credentials", "--profile", profile, "--format", "process"),
            self.env,
        )

    def forget(self) -> None:
        shutil.rmtree(self.home + "/.aws/cli", ignore_errors=True)


class Awsume(Rival):
    """awsume, a Python program on boto3: it asks STS for a role each time, and keeps MFA sessions in plaintext."""

    keeps = "a role (one STS call)"

    def export(self, profile: str = "dev") -> Command:
        return Command((self.binary, profile), self.env)


KINDS: dict[str, type[Rival]] = {"aws-vault": AwsVault, "granted": Granted, "aws-runas": AwsRunas}


def kind_of(name: str) -> type[Rival] | None:
    """The kind with which a name begins: `aws-vault`, `aws-vault 7.2`."""
    return next((kind for word, kind in KINDS.items() if name.lower().startswith(word)), None)


def installed_awsume(work: str) -> str:
    """The path of awsume, in an environment of its own; NotBuilt with pip's words."""
    folder = os.path.join(work, "awsume")
    if not os.path.exists(folder + "/bin/awsumepy"):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        command = [folder + "/bin/pip", "install", "--quiet", "--disable-pip-version-check", AWSUME]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotBuilt(_tell(done.stderr), f"pip install {AWSUME}")
    return folder + "/bin/awsumepy"


def write_plain_profiles(home: str) -> None:
    """The two roles as AWS's own tools know them, and their source key in plaintext."""
    with open(home + "/.aws/config", "w", encoding="utf-8") as file:
        file.write("[profile base]\nregion = us-east-1\n")
        for name, role in (("dev", "OpenRole"), ("prod", "LongOpenRole")):
            arn = f"arn:aws:iam::222222222222:role/{role}"
            file.write(f"[profile {name}]\nregion = us-east-1\nrole_arn = {arn}\nsource_profile = base\n")
    with open(home + "/.aws/credentials", "w", encoding="utf-8") as file:
        file.write(
            f"[base]\naws_access_key_id = {KEY['AccessKeyId']}\naws_secret_access_key = {KEY['SecretAccessKey']}\n"
        )
    os.chmod(home + "/.aws/credentials", 0o600)


def _tell(text: str) -> str:
    """The end of an error, without addresses."""
    return re.sub(r"\s+", " ", re.sub(r"https?://\S+", "", text)).strip()[-200:]
