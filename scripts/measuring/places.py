"""What is measured in: a clean environment with the built wheel, and homes with a vault, made by the installed command."""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
from typing import NamedTuple

from scripts.measuring.runs import Command, once
from vault.agent.client import Agent
from vault.system.paths import from_env

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PASSPHRASE = "correct horse battery staple"
KEY = {"AccessKeyId": "AKIAI44QH8DHBEXAMPLE", "SecretAccessKey": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"}
ROLES = ("OpenRole", "LongOpenRole")  # of the stand-in's example accounts: no MFA, so that runs need no codes

PROFILES = """\
[profile base]
region = us-east-1
credential_process = {command} export base

[profile dev]
region = us-east-1
credential_process = {command} export dev
awsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole
awsvault_source_profile = base

[profile prod]
region = us-east-1
credential_process = {command} export prod
awsvault_role_arn = arn:aws:iam::222222222222:role/LongOpenRole
awsvault_source_profile = base
"""

ENTRIES = """
import os, sys
from dataclasses import replace
from vault.secret import Secret
from vault.store import vault
from vault.system.clock import Deadline
from vault.system.paths import from_env
paths = from_env(os.environ)
opened = vault.open_with_passphrase(paths, Secret(sys.argv[1]), deadline=Deadline.after(50))
more = {f"entry-{n:05}": opened.payload.entries["base"] for n in range(int(sys.argv[2]))}
vault.edit(paths, opened.k_main, lambda p: replace(p, entries={**p.entries, **more}), deadline=Deadline.after(50))
"""

SESSIONS = """
import os, sys, time
from vault.agent.client import Agent
from vault.cache.entries import Cache, Cached
from vault.system.paths import fingerprint, from_env
paths, now = from_env(os.environ), int(time.time())
agent, seen = Agent.reach(paths.socket, answer=5), fingerprint(os.environ, paths=paths)
key = agent.cache_key()
cache = Cache.open(paths.sessions, cache_key=key.key, vault_id=key.vault_id)
line = b'{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SessionToken":"' + b"x" * 400 + b'"}\\n'
for n in range(int(sys.argv[1])):
    assert cache.put(n.to_bytes(32), Cached(now, now + 3600, line))
    assert agent.put_session(f"p{n:05}", seen, line, issued=now, expires=now + 3600)
"""


class Clean(NamedTuple):
    """A virtual environment that holds the built wheel, what it needs, and nothing else."""

    folder: str

    @property
    def python(self) -> str:
        return self.folder + "/bin/python"

    @property
    def command(self) -> str:
        """The Python front, which is behind the native one where a compiler is."""
        full = self.folder + "/bin/awsvault-py-full"
        return full if os.path.exists(full) else self.front

    @property
    def front(self) -> str:
        """The command that users run."""
        return self.folder + "/bin/awsvault-py"

    @property
    def path_files(self) -> list[str]:
        """.pth files, which every start of its Python reads: there should be none."""
        return glob.glob(self.folder + "/lib/python*/site-packages/*.pth")


def clean(work: str) -> Clean:
    """Build the wheel and install it as a user would, into a new environment under ``work``."""
    made = Clean(os.path.join(work, "clean"))
    subprocess.run(
        [sys.executable, "-m", "build", "-q", "--wheel", "--no-isolation", "--outdir", work + "/dist", ROOT],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wheel = max(glob.glob(work + "/dist/*.whl"), key=os.path.getmtime)
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", made.folder], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", made.python, "install", "--quiet", "--disable-pip-version-check", wheel],
        check=True,
    )  # fmt: skip
    subprocess.run([made.python, "-m", "compileall", "-q", made.folder + "/lib"], check=False)
    return made


class Home:
    """A user's home with a vault of one key and three profiles. ``env`` is all that its commands see.

    ``led``: variables that lead its calls to the stand-in.
    """

    def __init__(self, clean: Clean, folder: str, led: dict[str, str], **env: str) -> None:
        self.clean, self.folder = clean, folder
        self.awsvault_home = folder + "/v"
        os.makedirs(folder + "/.aws", mode=0o700)
        self.env = {
            "HOME": folder,
            "PATH": os.path.dirname(clean.command) + ":/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "AWSVAULT_HOME": self.awsvault_home,
            "AWSVAULT_PROMPT": "none",
            "AWSVAULT_KEYRING": "off",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            **led,
            **env,
        }
        self.config(PROFILES.format(command=clean.command))
        self.must("init", **self.key())
        self.must("add", "base", "--stdin", stdin=json.dumps(KEY), **self.key())

    def key(self) -> dict[str, str]:
        return {"AWSVAULT_PASSPHRASE": PASSPHRASE}

    def config(self, text: str) -> None:
        with open(self.folder + "/.aws/config", "w", encoding="utf-8") as file:
            file.write(text)

    def settings(self, text: str) -> None:
        path = self.awsvault_home + "/config.toml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def chain(self, hops: int) -> None:
        """Profiles chain1 to chainN, each a role assumed with the session of the one before."""
        block = "[profile chain{0}]\nregion = us-east-1\nawsvault_role_arn = arn:aws:iam::222222222222:role/Chain{0}\nawsvault_source_profile = {1}\n\n"
        text = "".join(block.format(n, f"chain{n - 1}" if n > 1 else "base") for n in range(1, hops + 1))
        self.config(PROFILES.format(command=self.clean.command) + "\n" + text)

    def many(self, count: int) -> None:
        """Add ``count`` profiles to the config and as many entries to the vault."""
        block = "[profile p{0:05}]\nregion = us-east-1\ncredential_process = {1} export p{0:05}\nawsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole\nawsvault_source_profile = base\n\n"
        self.config(
            PROFILES.format(command=self.clean.command)
            + "\n"
            + "".join(block.format(n, self.clean.command) for n in range(count))
        )
        self.entries(count)

    def entries(self, count: int) -> None:
        """Add as many entries to the vault."""
        subprocess.run([self.clean.python, "-c", ENTRIES, PASSPHRASE, str(count)], env=self.env, check=True)

    def must(self, *arguments: str, stdin: str = "", **env: str) -> str:
        """Run the command; its stdout. RuntimeError with what it said where it failed."""
        done = subprocess.run(
            [self.clean.command, *arguments], env={**self.env, **env}, input=stdin, capture_output=True, text=True, check=False
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stderr}")
        return done.stdout

    def export(self, profile: str = "dev", **env: str) -> Command:
        """The command that is measured."""
        return Command((self.clean.command, "export", profile), {**self.env, **env})

    def native(self, *words: str, **env: str) -> Command:
        """A command line as users run it: by the native front, if there is one."""
        return Command((self.clean.front, *words), {**self.env, **env})

    def cold(self, profile: str = "dev") -> Command:
        """An export by the command that users run, with nothing cached before each run."""
        return self.native("export", profile)._replace(before=self.forget)

    def kept(self, profile: str = "dev") -> Command:
        """The same with the session of the source key alone, so that one call is left."""
        self.forget()
        self.must("export", "base")
        key_session = frozenset(self._session_files())
        return self.native("export", profile)._replace(before=lambda: self.forget(key_session))

    def from_disk(self, profile: str = "dev") -> Command:
        """The same with every session on disk, and none in the agent."""
        once(self.export(profile))
        return self.export(profile)._replace(before=self.drop)

    def forget(self, keep: frozenset[str] = frozenset()) -> None:
        """Sessions away, from the agent's memory and from disk, except these files."""
        self.drop()
        for path in self._session_files():
            if path not in keep:
                os.unlink(path)

    def _session_files(self) -> list[str]:
        return [
            path
            for path in glob.glob(self.awsvault_home + "/sessions/**", recursive=True)
            if os.path.isfile(path)
        ]

    def drop(self) -> None:
        """The agent forgets its sessions, so that the next export is a hit on disk."""
        agent = Agent.reach(from_env(self.env).socket, answer=5)
        if agent is None or not agent.ask("DROP_SESSIONS", profile="")["ok"]:
            raise RuntimeError("the agent dropped no session")

    def sessions(self, count: int) -> None:
        """As many sessions more, on disk and in the open agent."""
        subprocess.run([self.clean.python, "-c", SESSIONS, str(count)], env=self.env, check=True)

    def warm(self) -> None:
        """Unlock, and have both roles in the agent."""
        self.must("unlock", **self.key())
        for profile in ("dev", "prod"):
            json.loads(self.must("export", profile))

    def agent(self) -> dict[str, str]:
        """The agent's figures from /proc/PID/status."""
        pid = json.loads(self.must("status", "--json"))["pid"]
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return {k: v.strip() for k, _, v in (line.partition(":") for line in file)}

    def close(self) -> None:
        """End the agent by the person's own command, and take its process away."""
        state = json.loads(self.must("status", "--json"))
        self.must("lock")
        if "pid" in state:
            os.kill(state["pid"], 15)
