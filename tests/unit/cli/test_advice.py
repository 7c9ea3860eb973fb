"""Advice that leads somewhere: a user who does what a message says ends in success or at another, truer message."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil

import pytest

from tests.fakes.example import DEVELOPER, KEY_ID, SECRET, SEED, SERIAL
from tests.home import COMMAND, Home
from vault.cli.command_table import COMMANDS

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
GONE_ID, GONE = "AKIAGONEGONEGEXAMPLE", "goneGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEYS"
FIDO = "arn:aws:iam::111111111111:u2f/user/yourself/key-ABCDEFGHIJ"
REGION = "region = us-east-1\n"
ROLE = f"role_arn = {DEVELOPER}\nsource_profile = work\n{REGION}"
CALL = "credential_process = {command} export %s\n"
OF_THE_HOME = {"old-key", "one-way-in", "no-backup", "no-pin", "passphrase-in-environment", "custom-endpoint"}
DEEP = 6  # steps of advice that anybody would follow

# Commands that change nothing: what they say is followed, and no trouble need be gone after them.
LOOKS = {
    "explain",
    "list",
    "doctor",
    "which",
    "status",
    "log",
    "whoami",
    "help",
    "restore",
    "backup",
    "export",
    "login",
}
# Commands that must have changed something if they end well.
CHANGES = {"import", "setup", "add", "remove", "rotate"}
# Commands that need a user at a desk, an agent or a shell; and what takes back what was just done.
LEFT_OUT = {"unlock", "lock", "shell-init", "pick", "completion", "prompt", "panic", "serve"}


def key(key_id=KEY_ID, secret=SECRET, more=""):
    return f"aws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n{more}"


# By name: the config file, the credentials file, and how the vault is made (None: there is none).
KEPT = {"entry": "work"}
BARE = {"entry": "work", "seed": None, "serial": None}
TROUBLES = {
    "no vault": (f"[profile work]\n{REGION}", "", None),
    "no vault, key in plaintext": (f"[profile work]\n{REGION}[profile dev]\n{ROLE}", f"[work]\n{key()}", None),
    "no vault, calls us": (f"[profile work]\n{CALL % 'work'}", "", None),
    "nothing on the profile": (f"[profile work]\n{REGION}[profile dev]\n{REGION}", "", KEPT),
    "key in plaintext and in the vault": (f"[profile work]\n{REGION}[profile dev]\n{ROLE}", f"[work]\n{key()}", KEPT),
    "role on its own key": (f"[profile work]\n{ROLE}", f"[work]\n{key()}", KEPT),
    "another key in plaintext": (f"[profile work]\n{REGION}", f"[work]\n{key(OTHER_ID, OTHER)}", KEPT),
    "keys in both files": (f"[profile work]\n{REGION}{key(OTHER_ID, OTHER)}", f"[work]\n{key()}", None),
    "stale key below the good one": (f"[profile work]\n{REGION}{key(GONE_ID, GONE)}", f"[work]\n{key()}", None),
    "temporary key": (f"[profile work]\n{REGION}[profile dev]\n{ROLE}", f"[work]\n{key('ASIAIOSFODNN7EXAMPLE', SECRET, 'aws_session_token = t' + chr(10))}", {"entry": "other"}),
    "temporary key before our call": (f"[profile work]\n{REGION}{CALL % 'work'}", f"[work]\n{key('ASIAIOSFODNN7EXAMPLE', SECRET, 'aws_session_token = t' + chr(10))}", KEPT),
    "test and test": (f"[profile work]\n{REGION}", f"[work]\n{key('test', 'test')}", {"entry": "other"}),
    "half of a key": (f"[profile work]\n{REGION}", "[work]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", {"entry": "other"}),
    "key that AWS does not know": (f"[profile work]\n{REGION}", f"[work]\n{key(GONE_ID, GONE)}", None),
    "stored key that AWS does not know": (f"[profile work]\n{REGION}[profile dev]\n{ROLE}", "", {**BARE, "key_id": GONE_ID, "secret": GONE}),
    "security key": (f"[profile work]\n{REGION}mfa_serial = {FIDO}\n[profile dev]\n{ROLE}mfa_serial = {FIDO}\n", "", BARE),
    "user in place of the device": (f"[profile work]\n{REGION}mfa_serial = arn:aws:iam::111111111111:user/yourself\n", "", BARE),
    "device without a seed": (f"[profile work]\n{REGION}mfa_serial = {SERIAL}\n[profile dev]\n{ROLE}", "", BARE),
    "device with a typing error": (f"[profile work]\n{REGION}mfa_serial = {SERIAL[:-1]}\n", "", KEPT),
    "no device where MFA is wanted": (f"[profile work]\n{REGION}[profile dev]\n{ROLE}", "", BARE),
    "no source": (f"[profile dev]\nrole_arn = {DEVELOPER}\n{REGION}", "", KEPT),
    "source that is not there": (f"[profile dev]\nrole_arn = {DEVELOPER}\nsource_profile = wrok\n{REGION}", "", KEPT),
    "another program": ("[profile work]\ncredential_process = /opt/tool\n", f"[work]\n{key()}", KEPT),
    "another program that is gone": (f"[profile work]\n{REGION}credential_process = /opt/tool\n", "", {"entry": "other"}),
    "aws-vault": (f"[profile work]\n{REGION}credential_process = aws-vault export --format=json work\n", "", {"entry": "other"}),
    "alias": (f"[profile work]\n{REGION}{CALL % 'other'}", "", {"entry": "other"}),
    "alias that leads nowhere": (f"[profile work]\n{REGION}{CALL % 'nobody'}", "", {"entry": "other"}),
    "role before our call": (f"[profile work]\n{REGION}[profile dev]\n{ROLE}{CALL % 'dev'}", "", KEPT),
    "call that needs a shell": (f"[profile work]\n{REGION}credential_process = ~/bin/awsvault-py export work\n", "", KEPT),
    "misspelt awsvault_ key": (f"[profile work]\n{REGION}awsvault_rolearn = x\n", "", KEPT),
    "sign-in of Identity Center": ("[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n"
        "[profile work]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Reader\n" + REGION, "", {"entry": "other"}),
    "header indented": (f"[profile work]\n{REGION}  [profile dev]\n{ROLE}", "", KEPT),
}  # fmt: skip
FIRST = ("export work", "export dev", "explain work", "explain dev", "setup --yes", "setup work --yes", "import --yes", "import work --yes",
         "doctor --notes", "mfa code work", "login --print dev", "list --used", "rotate work --yes")  # fmt: skip


class Follower:
    """Runs commands, and what they advise, as deep as it goes; what changes something runs in a copy of its home."""

    def __init__(self, here, folder):
        self.here, self.folder, self.copies = here, folder, 0
        self.loops = []
        self.done = {}

    def copy(self, home):
        self.copies += 1
        root = os.path.join(self.folder, f"copy{self.copies}")
        shutil.copytree(home.root, root, symlinks=True)
        made = Home(root, url=home.env["AWS_ENDPOINT_URL"])
        made.env = {**home.env, "HOME": root, "AWSVAULT_HOME": made.awsvault_home}
        return made

    def run(self, home, words):
        """The home after the command, the exit code, and all that was said, without the home's own path."""
        known = self.done.get((home.root, tuple(words)))
        if known is None:
            after = home if looks(words) else self.copy(home)
            done = self.here(after, *words, stdin=given(words))
            said = without_news_of_the_home((done.stdout + done.stderr).replace(after.root, "~"))
            said = re.sub(r"\d+ (?:s|min|h)\b|\d\d:\d\d:\d\d|[A-Z2-7]{32,}", "T", said)
            follow_advice(after, words, said)
            known = self.done[home.root, tuple(words)] = after, done.returncode, said
        return known

    def follow(self, home, words, path=()):
        known = (home.root, tuple(words)) in self.done
        after, code, said = self.run(home, words)
        here = (" ".join(words), said)
        errors = {line for _, text in path for line in text.splitlines() if ": error: " in line}
        if here in path or any(line in errors for line in said.splitlines()):
            self.loops.append((*path, here))
        if known or here in path or len(path) >= DEEP:
            return
        for advice in advised(said, home):
            if advice[0] in LEFT_OUT or {"--undo", "--help"} & set(advice):
                continue
            self.follow(after, advice, (*path, here))
            healed, ended, told = self.run(after, advice)
            if (
                ended == 0
                and advice[0] in CHANGES
                and "--dry-run" not in advice
                and content(after) == content(healed)
            ):
                self.loops.append((*path, here, ("in vain: " + " ".join(advice), told)))
            if code != 0 and ended == 0 and not looks(advice):  # so the advice has to have helped
                before = (*path[:1], here)
                if all(self.run(healed, command.split())[2] == text for command, text in before):
                    self.loops.append((*path, here, ("the same after " + " ".join(advice), "")))


def content(home):
    """What a command may change: AWS's files and the vault."""
    found = []
    for path in (
        home.config_path,
        home.config_path.replace("config", "credentials"),
        home.file("vault.avlt"),
    ):
        try:
            with open(path, "rb") as file:
                found.append(file.read())
        except FileNotFoundError:
            found.append(None)
    return found


def looks(words):
    return words[0] in LOOKS or (words[0] in ("mfa", "slots") and words[1:2] == ["list"])


def follow_advice(home, words, said):
    """What only the user can do, as the advice says: put the new device's ARN into the files."""
    found = re.search(r"arn:aws:iam::\d{12}:mfa/[\w-]+", said)
    if words[:2] == ["mfa", "enroll"] and found:
        with open(home.config_path, encoding="utf-8") as file:
            text = file.read()
        home.config(text.replace(FIDO, found[0]))


def without_news_of_the_home(said):
    """doctor's findings that have nothing to do with the trouble: every home of these tests has them."""
    kept, on = [], True
    for line in said.splitlines(keepends=True):
        found = re.match(r"(?:error|warning|note): .* \[([a-z-]+)\]$", line)
        on = found[1] not in OF_THE_HOME if found else on or not line.startswith("    ")
        kept += [line] if on else []
    return "".join(kept)


def given(words):
    """What a user would type: the key, or the device's seed."""
    if words[0] == "add":
        return json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    if words[:2] == ["mfa", "add"]:
        return json.dumps({"MfaSerial": SERIAL, "MfaSeed": SEED})
    return ""


def advised(said, home):
    """Every awsvault-py command in the text, as it would be run: its names filled in, without a question."""
    found = []
    with open(home.config_path, encoding="utf-8") as file:
        names = set(re.findall(r"\[profile ([\w-]+)\]", file.read())) | {"work", "other", "dev"}
    for match in re.finditer(r"(?:^|[\s'(])awsvault-py ([^\n]*)", said):
        words = words_of(match.group(1), names)
        if words is not None and words not in found:
            found.append(words)
    return found


def words_of(text, names):
    try:
        tokens = shlex.split(text.replace("…", " "))
    except ValueError:
        tokens = text.split()
    tokens = [token.strip(".,;:()") for token in tokens]
    if not tokens or tokens[0] not in COMMANDS:
        return None
    words = [tokens[0]]
    for token in tokens[1:]:
        if token in ("NAME", "PROFILE"):
            words.append("work")
        elif (
            (words in (["mfa"], ["slots"], ["slots", "add"], ["sso"]) and token.islower())
            or (
                words[0] == "add"
                and not token.startswith("-")
                and re.fullmatch(r"[\w-]+", token)
                and len(words) == 1
            )
            or (token.startswith("--") and token != "--")
            or token in names
        ):
            words.append(token)
        else:
            break
    if (words[0] in ("import", "setup", "remove", "rotate") or words[:2] == ["mfa", "enroll"]) and not {
        "--help",
        "--yes",
    } & set(words):
        words.append("--yes")
    if words[0] == "add" or words[:2] == ["mfa", "add"]:
        words.append("--stdin")
    return words if words[0] != "mfa" or len(words) > 1 else None


@pytest.mark.usefixtures("unmeasured", "moved_clock")
@pytest.mark.parametrize("trouble", ["temporary key", "test and test", "security key", "aws-vault"])
def test_no_advice_goes_in_a_loop(trouble, home, here, tmp_path):
    """From each command that somebody with this trouble may try, every way that the messages offer."""
    lead_somewhere(trouble, FIRST[:7], home, here, tmp_path)


@pytest.mark.long
@pytest.mark.usefixtures("moved_clock")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_advice_of_any_command_goes_in_a_loop(trouble, home, here, tmp_path):
    """The same for every trouble and more commands."""
    lead_somewhere(trouble, FIRST, home, here, tmp_path)


def lead_somewhere(trouble, commands, home, here, tmp_path):
    config, credentials, kept = TROUBLES[trouble]
    home.config(config.replace("{command}", COMMAND))
    os.chmod(home.config_path, 0o600)
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(credentials)
    if kept is not None:
        home.make_vault(**kept)
    follower = Follower(here, str(tmp_path / "copies"))
    for first in commands:
        follower.follow(home, first.split())
    assert follower.copies
    assert not follower.loops, "\n".join(shown(loop) for loop in follower.loops[:3])


def shown(loop):
    return "\n".join(["── loop ──", *(f"$ {words}\n{said}" for words, said in loop)])
