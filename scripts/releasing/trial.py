"""Installs a package into an empty environment and uses it there: --version, and an export against the stand-in for AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from scripts.releasing.builds import ROOT, Unfit
from tests.fakes.aws import StandIn
from tests.fakes.example import DEV, DEVELOPER, KEY_ID, SECRET, SEED, SERIAL
from vault import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG = """\
[profile shared-services]
region = us-east-1
credential_process = awsvault-py export shared-services
mfa_serial = {serial}

[profile dev]
region = us-west-2
credential_process = awsvault-py export dev
awsvault_role_arn = {role}
awsvault_source_profile = shared-services
mfa_serial = {serial}
"""


def run(package: str, place: str) -> None:
    """Raise Unfit if the package cannot be installed into ``place``, or does not work there."""
    programs = install(package, os.path.join(place, "env"))
    use(os.path.join(programs, "awsvault-py"), os.path.join(place, "home"))


def install(package: str, env: str) -> str:
    """Create an environment with the pinned dependencies, each with its hash, and the package; its folder of programs."""
    uv("venv", "-q", "--python", sys.executable, env)
    python = os.path.join(env, "bin", "python")
    pins = ["requirements/run.txt"] + ([] if package.endswith(".whl") else ["requirements/build.txt"])
    for pin in pins:
        uv("pip", "install", "-q", "--python", python, "--require-hashes", "-r", os.path.join(ROOT, pin))
    more = [] if package.endswith(".whl") else ["--no-build-isolation"]
    uv("pip", "install", "-q", "--python", python, "--no-deps", "--offline", "--no-cache", *more, package)
    return os.path.join(env, "bin")


def uv(*words: str) -> None:
    """Run uv, first with what its cache has; only if that is not enough, with the index of its own or pip's settings."""
    command = [sys.executable, "-m", "uv", *words]
    tries = [[*command, "--offline"], command] if "--require-hashes" in words else [command]
    for each in tries:
        done = subprocess.run(each, env=with_index(), capture_output=True, text=True, check=False)
        if not done.returncode:
            return
    raise Unfit(f"this failed: uv {' '.join(words)}\n{done.stderr}")


def with_index() -> dict[str, str]:
    """The environment, with pip's index for uv, which does not read pip's settings."""
    shown = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    index = os.environ.get("PIP_INDEX_URL") or shown.stdout.strip()
    return {**({"UV_DEFAULT_INDEX": index} if index else {}), **os.environ}


def use(program: str, home: str) -> None:
    """Make a vault in an empty home, and export the credentials of a role."""
    os.makedirs(os.path.join(home, ".aws"))
    os.makedirs(os.path.join(home, "vault"), mode=0o700)
    write(os.path.join(home, ".aws", "config"), CONFIG.format(serial=SERIAL, role=DEVELOPER))
    write(os.path.join(home, "vault", "config.toml"), 'trusted_hosts = ["127.0.0.1"]\n')
    with StandIn() as aws:
        env = {
            **aws.environment,
            "HOME": home,
            "PATH": f"{os.path.dirname(program)}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "AWSVAULT_HOME": os.path.join(home, "vault"),
            "AWSVAULT_PASSPHRASE": "the passphrase of a trial",
            "AWSVAULT_PROMPT": "none",
            "AWSVAULT_KEYRING": "off",
            "AWSVAULT_AGENT": "off",
        }
        said = answer([program, "--version"], env)
        front = "(native front) " if os.path.exists(os.path.realpath(program) + "-full") else ""
        if said != f"awsvault-py {front}{__version__}\n":
            raise Unfit(f"--version says {said!r}, but vault/__init__.py has {__version__}")
        key = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "MfaSerial": SERIAL, "MfaSeed": SEED}
        answer([program, "init"], env)
        answer([program, "add", "shared-services", "--stdin"], env, json.dumps(key))
        credentials = json.loads(answer([program, "export", "dev"], env))
    if credentials.get("AccountId") != DEV or not str(credentials.get("AccessKeyId", "")).startswith("ASIA"):
        raise Unfit(f"export gave no session of account {DEV}")


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def answer(command: Sequence[str], env: dict[str, str], given: str = "") -> str:
    done = subprocess.run(command, env=env, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unfit(f"{' '.join(command[1:])} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout
