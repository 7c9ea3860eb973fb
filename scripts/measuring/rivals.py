"""Other tools that do the same work: built or found here, each with a reason where it cannot be measured."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

from scripts.measuring.places import KEY, ROOT, Home
from scripts.measuring.runs import Command, once
from tests.fakes.example import KEY_ID, SECRET, SERIAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

AWS_VAULT = os.path.join(ROOT, "tests", "clients", "aws_vault")
GRANTED = "github.com/common-fate/granted@v0.38.0"
AWSUME = "awsume==4.5.4"
NOT_TO_BE_HAD = {
    "aws-vault (ByteNess)": "github.com/byteness/aws-vault/v7@latest",
    "aws-runas": "github.com/mmmorris1975/aws-runas@latest",
}

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


class AwsCli:
    """AWS CLI v2 with a role of its own, which it caches in ~/.aws/cli/cache in plaintext. The proxy leads its calls."""

    def __init__(self, work: str, aws: str, *, proxy: str, bundle: str) -> None:
        self.binary = aws
        home = os.path.join(work, "cli-home")
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home + "/.aws", mode=0o700)
        write_plain_profiles(home)
        self.home = home
        self.env = {
            "HOME": home,
            "PATH": "/usr/bin:/bin",
            "HTTPS_PROXY": proxy,
            "AWS_CA_BUNDLE": bundle,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def export(self, profile: str = "dev") -> Command:
        """What it prints in the form of credential_process."""
        return Command(
            (self.binary, "configure", "export-credentials", "--profile", profile, "--format", "process"),
            self.env,
        )

    def forget(self) -> None:
        """Its cached roles away."""
        shutil.rmtree(self.home + "/.aws/cli", ignore_errors=True)


class AwsVault:
    """99designs' aws-vault with its encrypted file backend. ``env`` leads its calls to the stand-in by a proxy.

    It keeps a session of MFA (``shared``), and asks STS for a role (``dev``, ``prod``) at each run.
    """

    def __init__(self, work: str, *, proxy: str, bundle: str, code: Callable[[], str]) -> None:
        self.binary = os.path.join(work, "aws-vault")
        if not os.path.exists(self.binary):
            folder = os.path.join(work, "aws-vault-source")
            shutil.copytree(AWS_VAULT, folder, dirs_exist_ok=True)
            go(
                "build",
                "-trimpath",
                "-ldflags=-s -w",
                "-o",
                self.binary,
                "github.com/99designs/aws-vault/v7",
                cwd=folder,
            )
        home = os.path.join(work, "aws-vault-home")
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home + "/.aws", mode=0o700)
        self.env = {
            "HOME": home,
            "PATH": "/usr/bin:/bin",
            "AWS_VAULT_BACKEND": "file",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/dev/null",  # else it starts a bus of its own, which stays
            "AWS_VAULT_FILE_DIR": home + "/keys",
            "AWS_VAULT_FILE_PASSPHRASE": "correct horse battery staple",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HTTPS_PROXY": proxy,
            "AWS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
        }
        write_plain_profiles(home)
        os.unlink(home + "/.aws/credentials")
        with open(home + "/.aws/config", "a", encoding="utf-8") as file:
            file.write(
                f"[profile shared]\nregion = us-east-1\nmfa_serial = {SERIAL}\nmfa_process = echo {code()}\n"
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
        """Its credential_process form."""
        return Command((self.binary, "export", "--format=json", profile), self.env)

    def exec(self, profile: str = "dev") -> Command:
        """A command that ends at once, with the profile's credentials."""
        return Command((self.binary, "exec", profile, "--", "true"), self.env)


def not_to_be_had() -> list[Missing]:
    """Tools whose module Go's proxy does not give out, with what it says; one that it does is a line that asks to be measured."""
    found = []
    for name, module in NOT_TO_BE_HAD.items():
        command = f"go mod download {module}"
        try:
            done = subprocess.run(command.split(), capture_output=True, text=True, check=False, cwd="/")
            said = _tell(done.stderr) if done.returncode else "can be had now, and is not measured yet"
        except OSError as error:
            said = str(error)
        found.append(Missing(name, command, said))
    return found


class Granted:
    """granted's credential-process with its encrypted file backend; the source key lies in ~/.aws/credentials."""

    def __init__(self, work: str, *, proxy: str, bundle: str) -> None:
        self.binary = os.path.join(work, "granted")
        if not os.path.exists(self.binary):
            command = ["go", "mod", "download", "-json", GRANTED]
            said = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
            if said.returncode:
                raise NotBuilt(_tell(said.stdout + said.stderr), " ".join(command))
            folder = os.path.join(work, "granted-source")
            shutil.copytree(json.loads(said.stdout)["Dir"], folder, dirs_exist_ok=True)
            subprocess.run(["chmod", "-R", "u+w", folder], check=True)
            go("build", "-trimpath", "-ldflags=-s -w", "-o", self.binary, "./cmd/granted", cwd=folder)
        home = os.path.join(work, "granted-home")
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home + "/.granted", mode=0o700)
        os.makedirs(home + "/.aws", mode=0o700)
        with open(home + "/.granted/config", "w", encoding="utf-8") as file:
            file.write(f'DefaultBrowser = "STDOUT"\n[Keyring]\nBackend = "file"\nFileDir = "{home}/keys"\n')
        write_plain_profiles(home)
        self.env = {
            "HOME": home,
            "PATH": "/usr/bin:/bin",
            "CF_KEYRING_FILE_PASSWORD": "correct horse battery staple",
            "HTTPS_PROXY": proxy,
            "AWS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "AWS_EC2_METADATA_DISABLED": "true",
            "GRANTED_DISABLE_UPDATE_CHECK": "true",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",  # else it looks for a desktop's keyring all the same
            "FORCE_NO_ALIAS": "true",
        }

    def export(self, profile: str = "dev", *more: str) -> Command:
        """Its credential_process form; ``--no-cache`` asks AWS."""
        return Command((self.binary, "credential-process", "--profile", profile, *more), self.env)

    def forget(self) -> None:
        """Its kept sessions away."""
        shutil.rmtree(self.env["HOME"] + "/keys", ignore_errors=True)


class Awsume:
    """awsume, a Python program on boto3: it asks STS for a role each time, and keeps MFA sessions in plaintext."""

    def __init__(self, work: str, *, proxy: str, bundle: str) -> None:
        folder = os.path.join(work, "awsume")
        self.binary = folder + "/bin/awsumepy"
        if not os.path.exists(self.binary):
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            command = [folder + "/bin/pip", "install", "--quiet", "--disable-pip-version-check", AWSUME]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotBuilt(_tell(done.stderr), f"pip install {AWSUME}")
        home = os.path.join(work, "awsume-home")
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home + "/.aws", mode=0o700)
        write_plain_profiles(home)
        self.env = {
            "HOME": home,
            "PATH": "/usr/bin:/bin",
            "HTTPS_PROXY": proxy,
            "AWS_CA_BUNDLE": bundle,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def export(self, profile: str = "dev") -> Command:
        """What its shell function evaluates."""
        return Command((self.binary, profile), self.env)


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


def go(*arguments: str, cwd: str) -> None:
    """Run go; NotBuilt with what it said."""
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod -buildvcs=false"}
    done = subprocess.run(["go", *arguments], cwd=cwd, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise NotBuilt(_tell(done.stderr), "go " + " ".join(arguments))


def _tell(text: str) -> str:
    """The end of an error, without addresses."""
    return re.sub(r"\s+", " ", re.sub(r"https?://\S+", "", text)).strip()[-200:]
