"""A real first run at a shell: an empty home, `add`, and the AWS CLI with the role's credentials. Draws nothing."""

import os
import time
from contextlib import contextmanager
from typing import NamedTuple

import pexpect

from scripts.pictures.camera import HOME, retouched
from tests.fakes.example import DEVELOPER, KEY_ID, SECRET, SEED, SERIAL
from tests.home import COMMAND, PASSPHRASE, STAND_IN, Home

COLUMNS, LINES = 160, 40  # of the terminal, which folds nothing
SHELL = "$ "
WAIT = 120  # seconds for a prompt
STEP = 30  # seconds for which an MFA code is valid
ADD = "awsvault-py add shared-services"
ASK = "aws sts get-caller-identity --profile dev"
# The end of what is waited for, what is typed then, and whether it is typed rather than pasted.
ANSWERS = (
    (SHELL, ADD, True),
    ("passphrase: ", PASSPHRASE, True),
    ("passphrase: ", PASSPHRASE, True),
    ("services: ", KEY_ID, False),
    ("shown): ", SECRET, False),
    ("none): ", SERIAL, False),
    ("instead): ", SEED, False),
    ("none): ", DEVELOPER, False),
    ("developer): ", "dev", True),
    ("more): ", "", True),
    ("us-east-1): ", "", True),
    ("[Y/n] ", "y", True),
    (SHELL, ASK, True),
)


class Shown(NamedTuple):
    """What the terminal showed next: after which seconds, and whether the user typed it (pasted: ``typed`` is False)."""

    text: str
    after: float = 0.0
    by_user: bool = False
    typed: bool = False


@contextmanager
def shell(root, url):
    """A shell in an empty home below ``root``, in which awsvault-py and the AWS CLI are installed."""
    home = Home(root, url=url)
    os.rmdir(os.path.dirname(home.config_path))
    env = {**home.env, "XDG_RUNTIME_DIR": os.path.join(root, ".run")}
    for name in ("AWSVAULT_PASSPHRASE", "AWSVAULT_AGENT", "AWSVAULT_HOME"):
        del env[name]
    os.mkdir(env["XDG_RUNTIME_DIR"], mode=0o700)
    settings, programs = os.path.join(root, ".config", "awsvault-py"), os.path.join(root, ".local", "bin")
    os.makedirs(settings, mode=0o700)
    with open(os.path.join(settings, "config.toml"), "w", encoding="utf-8", opener=_private) as file:
        file.write(f'trusted_hosts = ["{STAND_IN}"]\n')
    os.makedirs(programs)
    os.symlink(COMMAND, os.path.join(programs, "awsvault-py"))
    path = os.pathsep.join((programs, os.path.dirname(COMMAND), "/usr/bin", "/bin"))
    env |= {"PATH": path, "PS1": SHELL, "AWSVAULT_PROMPT": "tty", "AWS_PAGER": "", "TERM": "xterm-256color"}
    words = ["--norc", "--noprofile", "--noediting", "-i"]
    child = pexpect.spawn(
        "/bin/bash", words, env=env, cwd=root, encoding="utf-8", timeout=WAIT, dimensions=(LINES, COLUMNS)
    )
    try:
        yield child
    finally:
        child.sendline("awsvault-py lock")  # ends the agent
        child.sendline("exit")
        child.expect(pexpect.EOF)
        child.close()


def _private(path, flags):
    return os.open(path, flags, 0o600)


def recorded(root, aws):
    """All that the terminal showed, in its order."""
    early_in_a_step()
    found = []
    with shell(root, aws.url) as child:
        for until, answer, typed in ANSWERS:
            found += _until(child, until, root)
            child.sendline(answer)
            began = time.monotonic()
            echo = child.expect_exact(["\r\n", pexpect.TIMEOUT], timeout=WAIT)
            if echo or child.before not in ("", answer):
                raise RuntimeError(f"the terminal shows {child.before!r} after {until!r}")
            found.append(Shown(child.before, 0.0, by_user=True, typed=typed))
            found.append(Shown("\n", time.monotonic() - began))
        found += _until(child, SHELL, root)
    return found


def _until(child, prompt, root):
    """The lines up to a prompt, and the prompt, each with the seconds that it took."""
    found, line, began = [], None, time.monotonic()
    while line != prompt:
        ended = child.expect_exact(["\r\n", prompt])
        now = time.monotonic()
        line = prompt if ended else "\n"
        text = retouched(child.before, root, home=HOME)
        if text or STAND_IN not in child.before:
            found.append(Shown(text + line, now - began))
        began = now
    return found


def early_in_a_step():
    """Wait until the current MFA code is valid long enough for a run that waits for no other one."""
    left = STEP - time.time() % STEP
    if left < STEP / 3:
        time.sleep(left)
