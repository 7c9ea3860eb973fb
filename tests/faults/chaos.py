"""Random commands of several processes over one home, while everything around them goes wrong.

`python -m tests.faults.chaos [--steps N] [--seed N]`. Each step draws some commands and one trouble: kills, full and
read-only disks, few descriptors, an agent that is stopped or killed, a clock that jumps, an AWS that fails or lies.
After each: the identity is what the configuration asks for, nothing has expired, exit codes are those of the table, a
failure leaves stdout empty, nothing hangs, no accepted edit is lost, and no code is sent after AWS took it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import datetime
from typing import NamedTuple

from tests.clock import MovedClock
from tests.fakes.aws import StandIn
from tests.fakes.example import DEVELOPER, READ_ONLY, SHARED, role
from tests.faults.campaign import build
from tests.faults.troubles import BOUND, COMMANDS, TROUBLES, WEIGHTS, Around
from tests.home import COMMAND, SCENARIO, Home, uncounted
from vault.system.processes import peer_pid
from vault.warm import dial

OTHER = role("DeveloperRol2")  # as long as DEVELOPER: the edit that sizes do not show
TABLE = {*range(12)}  # exit codes of docs/reference/exit-codes.md, without 70
SETTLE_EVERY = 20  # steps
QUIET = (
    150.0  # seconds after which no remembered failure counts any more, and no step that a killed process took
)


class Run(NamedTuple):
    """One command that has ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str
    killed: bool


class Wrong(AssertionError):
    """An invariant that did not hold."""


class Chaos:
    """A home, an AWS and a dice. ``seed`` decides the steps; the machine decides who is faster."""

    def __init__(self, folder: str, aws: StandIn, *, seed: int) -> None:
        self.dice, self.aws, self.folder = random.Random(seed), aws, folder
        self.home = Home(os.path.join(folder, "home"), url=aws.url)
        self.home.env = uncounted(self.home.env) | {"AWSVAULT_AGENT": "auto", "AWSVAULT_PROMPT": "none"}
        self.clock = MovedClock(os.path.join(folder, "clock"))
        self.shims = {name: build(folder, name) for name in ("preload", "full")}
        self.clock.drive(self.home, aws.world)
        aws.world.add_role(OTHER, trusts=(f"arn:aws:iam::{SHARED}:root",), mfa=True)
        self.home.make_vault()
        self.roles = {"dev": DEVELOPER, "prod": READ_ONLY}
        self.written = 0
        self.write_config()
        self.entries: dict[str, bool | None] = {}  # name -> is in the vault; None: a command was cut short
        self.count: Counter[str] = Counter()
        self.stopped: int | None = None

    # ── the steps ────────────────────────────────────────────────────────────────────────────

    def run(self, steps: int) -> Counter[str]:
        """That many steps; the counts of what happened. Wrong where an invariant does not hold."""
        self.home.run("unlock")
        for step in range(1, steps + 1):
            trouble = self.dice.choice(TROUBLES)
            commands = [
                self.dice.choices(COMMANDS, WEIGHTS)[0](self) for _ in range(self.dice.choice((1, 1, 2, 3)))
            ]
            try:
                with trouble(self) as around:
                    ended = self.at_once(commands, around)
                for each in ended:
                    self.judge(each)
                if step % SETTLE_EVERY == 0:
                    self.settle()
            except (Wrong, subprocess.TimeoutExpired) as error:
                raise Wrong(f"step {step}, {trouble.__name__}, {commands}: {error}") from error
            self.count[trouble.__name__] += 1
        self.settle()
        return self.count

    def at_once(self, commands: list[tuple[str, ...]], around: Around) -> list[Run]:
        """Run them beside each other; the configuration may change meanwhile."""
        threads, ended = [], []
        before = dict(self.roles)
        for arguments in commands:
            threads.append(threading.Thread(target=lambda a=arguments: ended.append(self.one(a, around))))
            threads[-1].start()
        if around.edit:
            self.swap_role()
        for thread in threads:
            thread.join()
        if len(ended) != len(commands):
            raise Wrong("a command did not end")
        self.allowed = {name: {before[name], self.roles[name]} for name in before}
        return ended

    def one(self, arguments: tuple[str, ...], around: Around) -> Run:
        """One command under this trouble, to its end."""
        env = {**self.home.env, **around.env}
        if around.shim:
            env["LD_PRELOAD"] = f"{around.shim}:{env['LD_PRELOAD']}"
        command = [COMMAND, *arguments]
        if around.descriptors:
            command = ["/bin/sh", "-c", f'ulimit -n {around.descriptors}; exec "$@"', "sh", *command]
        stdin = self.secrets.get(arguments, b"")
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        timer = threading.Timer(around.kill_after or 0, process.kill)
        if around.kill_after is not None:
            timer.start()
        out, err = process.communicate(stdin, timeout=BOUND)
        timer.cancel()
        killed = process.returncode == -signal.SIGKILL and around.kill_after is not None
        return Run(arguments, process.returncode, out.decode(), err.decode(), killed)

    # ── what must be true ────────────────────────────────────────────────────────────────────

    def judge(self, ended: Run) -> None:
        """The invariants of one command that has ended."""
        name, out, err = ended.arguments[0], ended.out, ended.err
        self.count["killed" if ended.killed else f"exit {ended.code}"] += 1
        self.learn(ended)
        if ended.killed:
            return
        said = f"{ended.arguments} ended with {ended.code}: {out[:200]!r} {err[-600:]!r}"
        if ended.code not in TABLE or "Traceback" in err:
            raise Wrong(said)
        if ended.code and out and name not in ("doctor", "log"):
            raise Wrong(f"a failure on stdout: {said}")
        if ended.code == 0 and name == "export":
            if err:
                raise Wrong(f"a success on stderr: {said}")
            got = json.loads(out)
            self.identity(ended.arguments[1], got["AccessKeyId"], said)
            expires = datetime.fromisoformat(got["Expiration"]).timestamp()
            if expires <= min(self.clock.now(), self.aws.world.now()):
                raise Wrong(f"expired: {said}")
        if ended.code == 0 and name == "exec":
            self.identity(ended.arguments[1], out.strip(), said)

    def identity(self, profile: str, key_id: str, said: str) -> None:
        """``key_id`` is of a session that AWS gave for what the configuration says, now or when the step began."""
        session = self.aws.world.sessions.get(key_id)
        if session is None:
            raise Wrong(f"AWS never gave this session: {said}")
        if profile == "shared-services":
            right = session.kind == "session" and session.account == SHARED
        else:
            right = session.role in self.allowed[profile]
        if not right:
            raise Wrong(f"wrong identity {session.arn} for {profile}: {said}")

    def settle(self) -> None:
        """The trouble is over: everything works at once, and every accepted edit is there."""
        self.clock.move(QUIET)
        opened = self.home.run("unlock")
        if opened.returncode:
            raise Wrong(f"unlock: {opened}")
        self.allowed = {name: {arn} for name, arn in self.roles.items()}
        for profile in ("dev", "prod", "shared-services"):
            done = self.home.run("export", profile)
            self.judge(Run(("export", profile), done.returncode, done.stdout, done.stderr, killed=False))
            if done.returncode:
                raise Wrong(f"export {profile} after the trouble: {done.stderr}")
        listed = json.loads(self.home.run("list", "--json").stdout)
        there = {entry["name"] for entry in listed["entries"]}
        for name, expected in self.entries.items():
            if expected is not None and (name in there) != expected:
                raise Wrong(f"a lost edit: {name} is {'not ' * expected}in the vault, {sorted(there)}")
            self.entries[name] = name in there
        if "shared-services" not in there:
            raise Wrong("the key is lost")
        self.codes_once()

    def codes_once(self) -> None:
        """No code was sent again after AWS had taken it. One that a wrong clock sent too early may come again."""
        taken: set[tuple[str | None, str | None]] = set()
        for call in self.aws.calls:
            code = (call.parameters.get("SerialNumber"), call.code)
            if call.code is None:
                continue
            if code in taken:
                raise Wrong(f"a code sent again after AWS had taken it: {call}")
            if call.result == "ok":
                taken.add(code)

    def learn(self, ended: Run) -> None:
        """What the vault should hold after an edit."""
        if ended.arguments[0] not in ("add", "remove"):
            return
        name = ended.arguments[1]
        self.entries[name] = (ended.arguments[0] == "add") if ended.code == 0 else None

    # ── the configuration ────────────────────────────────────────────────────────────────────

    def swap_role(self) -> None:
        """An edit of equal length: dev is the other role from now on."""
        self.roles["dev"] = OTHER if self.roles["dev"] == DEVELOPER else DEVELOPER
        self.write_config()

    def write_config(self) -> None:
        """In place or by a new file, as editors do."""
        text = SCENARIO.replace(DEVELOPER, self.roles["dev"]).replace("{command}", COMMAND)
        self.written += 1
        path = self.home.config_path if self.written % 2 else self.home.config_path + ".new"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if path != self.home.config_path:
            os.replace(path, self.home.config_path)

    def agent(self) -> int | None:
        """The agent's process, where one listens."""
        connection = dial(self.home.file("run/agent.sock"))
        if connection is None:
            return None
        with contextlib.closing(connection):
            return peer_pid(connection)

    secrets: dict[tuple[str, ...], bytes] = {}  # noqa: RUF012 -- replaced in an instance at once


def campaign(steps: int, *, seed: int) -> Counter[str]:
    """One campaign in a folder of its own, with an agent that ends with it."""
    # processes that the last commands left behind may still write their log
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, StandIn() as aws:
        chaos = Chaos(folder, aws, seed=seed)
        try:
            return chaos.run(steps)
        finally:
            pid = chaos.agent()
            if pid is not None:
                os.kill(pid, signal.SIGTERM)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    counts = campaign(options.steps, seed=options.seed)
    for name, times in sorted(counts.items()):
        print(f"{times:6d} {name}")
    print(f"{options.steps} steps in {time.monotonic() - began:.0f} s: every invariant held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
