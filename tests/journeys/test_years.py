"""A vault kept for years: the passphrase forgotten, the laptop gone, the power cut, an older copy synced back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import COMMAND, PASSPHRASE, failed
from tests.keyrings import Desktop
from tests.terminal_user import Terminal
from tests.unit.agent.at_home import stop, unlock, with_agent
from vault import limits

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

NEW = "sunday gravel orchard mitten"
CODE = re.compile(r"(?:[0-9A-Z]{4}-){8}[0-9A-Z]")
KEY = f'{{"AccessKeyId":"{KEY_ID}","SecretAccessKey":"{SECRET}"}}'


@pytest.fixture
def desktop(tmp_path):
    found = Desktop(tmp_path)
    found.log_in()
    yield found
    found.end()


def ok(done):
    """A command that went well; what it said to the person."""
    assert done.returncode == 0, done.stderr
    return done.stderr


def writes_down(terminal):
    """The code from the screen, typed back as people do: in lower case and without the dashes."""
    terminal.sees("Write it on paper")
    terminal.child.expect(CODE)
    code = terminal.child.after
    terminal.answers("Type the code from the paper: ", code.lower().replace("-", " "))
    return code


def test_the_passphrase_forgotten(home):
    """The recovery code opens, a new passphrase is set, a new code issued; the old ones open no new file."""
    first = Terminal(home, "init", "--recovery")
    first.new_passphrase(PASSPHRASE)
    code = writes_down(first)
    assert first.ends() == 0, first.shown
    ok(home.run("add", "shared-services", "--stdin", "--no-verify", stdin=KEY))
    old_backup = os.path.join(home.root, "stick.avlt")
    assert "verified the copy" in ok(home.run("backup", old_backup))
    kinds = [line.split("\t")[1] for line in home.run("slots", "list").stdout.splitlines()]
    assert kinds == ["passphrase", "recovery code"]

    # Years later. A wrong character is told from a wrong code; then the right one, where the passphrase is asked for.
    lost = Terminal(home, "passwd")
    lost.answers("Passphrase: ", "what was it again")
    lost.answers("Passphrase: ", code)
    lost.new_passphrase(NEW)
    new_code = writes_down(lost)
    assert lost.ends() == 0, lost.shown
    assert new_code != code
    assert "Copies elsewhere" in lost.shown
    assert "rotate" in lost.shown

    assert KEY_ID in home.run("list", AWSVAULT_PASSPHRASE=NEW).stdout
    for secret in (PASSPHRASE, code):
        failed(home.run("list", AWSVAULT_PASSPHRASE=secret), 4, "does not open the vault")
    assert KEY_ID in home.run("list", AWSVAULT_PASSPHRASE=new_code).stdout
    # The backup of before still opens by the old passphrase: it is refused until somebody insists.
    failed(home.run("restore", old_backup, "--yes"), 9, "before the rekey in generation", "--accept")
    assert "bak" not in home.run("restore", AWSVAULT_PASSPHRASE=NEW).stdout
    assert not [name for name in os.listdir(home.awsvault_home) if "bak" in name]
    failed(home.run("passwd", AWSVAULT_PASSPHRASE=NEW), 3, "new passphrase", "awsvault-py passwd --stdin")
    # Where it is the only copy, its secrets are in force again, which is said.
    assert "until you change them: awsvault-py passwd" in ok(
        home.run("restore", old_backup, "--accept", "--yes")
    )


def test_a_code_that_is_not_typed_back_is_no_code(home):
    """Three wrong tries, or Ctrl-C: nothing was made, and the vault is as it was."""
    ok(home.run("init"))
    person = Terminal(home, "slots", "add", "recovery")
    person.answers("Passphrase: ", PASSPHRASE)
    for _ in range(3):
        person.answers("Type the code from the paper: ", "0000-0000")
    assert person.ends() == 10
    person = Terminal(home, "slots", "add", "recovery")
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.interrupts("Type the code from the paper: ") != 0
    assert len(home.run("slots", "list").stdout.splitlines()) == 1
    failed(home.run("slots", "add", "recovery"), 3, "terminal")


def test_the_laptops_keyring_gone(home, desktop):
    """The keyring opens without a question; on a machine without it the passphrase does, and its slot is taken away."""
    home.env |= {"AWSVAULT_KEYRING": "auto"}
    home.scenario()
    with_keyring = {**desktop.env, "AWSVAULT_PASSPHRASE": None}
    assert "keyring unlocks it too" in ok(home.run("init", **desktop.env))
    ok(home.run("add", "shared-services", "--stdin", "--no-verify", stdin=KEY, **with_keyring))
    listed = home.run("slots", "list", "--json", **with_keyring)
    assert f'"about": "host {os.uname().nodename}"' in listed.stdout
    assert listed.stdout.count("last_used") >= 1

    desktop.lock()
    failed(home.run("export", "shared-services", **with_keyring), 3, "keyring (locked)")
    failed(home.run("export", "shared-services", AWSVAULT_PASSPHRASE=None), 3, "keyring (no session bus)")
    elsewhere = {**desktop.env, "AWSVAULT_HOME": os.path.join(home.root, "elsewhere")}
    assert "The OS keyring was not used: locked" in ok(home.run("init", **elsewhere))

    slot = next(
        line.split("\t")[0] for line in home.run("slots", "list").stdout.splitlines() if "\tkeyring\t" in line
    )
    failed(home.run("slots", "remove", slot), 10, "--yes")
    said = ok(home.run("slots", "remove", slot, "--yes"))
    assert f"Removed the keyring slot {slot}" in said
    assert f"the keyring item of slot {slot}" in said, "it lies in a keyring that is not here: said"
    assert "keyring" not in home.run("slots", "list").stdout
    assert KEY_ID in home.run("list").stdout


@pytest.mark.usefixtures("inside")
def test_the_power_cut(home):
    """A disk that lied leaves an empty vault: the error names the backup that opens, and restore puts it back."""
    ok(home.run("init"))
    for name in ("one", "two"):
        ok(home.run("add", name, "--stdin", "--no-verify", stdin=KEY))
    os.truncate(home.file("vault.avlt"), 0)
    failed(home.run("list"), 9, "vault.avlt", "restore", "vault.avlt.bak1 (generation 2")
    shown = home.run("restore")
    assert [line.split("\t")[::4] for line in shown.stdout.splitlines()] == [
        ["bak1", "one"],
        ["bak2", "none"],
    ]
    asked = home.run("restore", "bak1")
    assert asked.returncode == 10
    assert "--yes" in asked.stderr
    assert "entries: one" in ok(home.run("restore", "bak1", "--yes"))
    assert home.run("list").stdout.startswith("one\t")
    assert "vault.avlt.damaged" in os.listdir(home.awsvault_home)
    ok(home.run("add", "two", "--stdin", "--no-verify", stdin=KEY))


def test_a_command_killed_in_the_middle(home):
    """kill -9 while a passphrase is changed, a few times at any moment: the next command works with one of the two."""
    ok(home.run("init"))
    ok(home.run("add", "one", "--stdin", "--no-verify", stdin=KEY))
    known, other = PASSPHRASE, NEW
    for delay in (0.15, 0.3, 0.45):
        reader, writer = os.pipe()
        os.write(writer, other.encode())
        os.close(writer)
        changing = subprocess.Popen(
            [COMMAND, "passwd", "--stdin", "--yes"], stdin=reader, env=home.with_env({"AWSVAULT_PASSPHRASE": known}),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(reader)
        time.sleep(delay)
        changing.kill()
        changing.wait()
        tried = {secret: home.run("list", AWSVAULT_PASSPHRASE=secret) for secret in (known, other)}
        opened = [secret for secret, done in tried.items() if done.returncode == 0]
        assert len(opened) == 1
        assert "one\t" in tried[opened[0]].stdout
        if opened == [other]:
            known, other = other, known


@pytest.mark.usefixtures("inside")
def test_an_older_copy_synced_back(home):
    """Noticed by every command, told from a fork, and accepted by who knows the passphrase."""
    ok(home.run("init"))
    ok(home.run("add", "one", "--stdin", "--no-verify", stdin=KEY))
    older = os.path.join(home.root, "older")
    shutil.copyfile(home.file("vault.avlt"), older)
    ok(home.run("add", "two", "--stdin", "--no-verify", stdin=KEY))
    shutil.copyfile(older, home.file("vault.avlt"))
    for command in (
        ["list"],
        ["add", "three", "--stdin", "--no-verify"],
        ["export", "one"],
        ["backup", home.root + "/b"],
    ):
        failed(home.run(*command, stdin=KEY), 9, "generation 2", "seen generation 3", "restore --accept")
    failed(home.run("restore", "--accept", "--yes", AWSVAULT_PASSPHRASE="not the passphrase"), 4)
    assert "entries: one" in ok(home.run("restore", "--accept", "--yes"))
    assert home.run("list").stdout.startswith("one\t")

    # Another machine with a copy of this vault goes on, and so does this one: a fork.
    theirs = os.path.join(home.root, "their machine")
    shutil.copytree(home.awsvault_home, theirs)
    ok(home.run("add", "another", "--stdin", "--no-verify", stdin=KEY))
    ok(home.run("add", "theirs", "--stdin", "--no-verify", stdin=KEY, AWSVAULT_HOME=theirs))
    shutil.copyfile(theirs + "/vault.avlt", home.file("vault.avlt"))
    failed(home.run("list"), 9, "two machines", "restore --accept")
    ok(home.run("restore", "--accept", "--yes"))
    assert {line.split("\t")[0] for line in home.run("list").stdout.splitlines()} == {"one", "theirs"}


def test_a_whole_home_put_back_is_noticed_by_the_agent(home, aws):
    """With AWSVAULT_HOME the pin is brought back beside the vault; the agent that runs has seen the newer one."""
    with_agent(home)
    try:
        unlock(home)
        older = os.path.join(home.root, "older")
        places = ("vault.avlt", "state")
        os.mkdir(older)
        for name in places:
            _copied(home.file(name), os.path.join(older, name))
        ok(home.run("add", "newer", "--stdin", "--no-verify", stdin=KEY, AWSVAULT_PASSPHRASE=PASSPHRASE))
        unlock(home)
        for name in places:
            _copied(os.path.join(older, name), home.file(name))
        failed(home.run("export", "dev"), 9, "generation 2", "seen generation 3", "restore --accept")
        failed(home.run("rekey", "--yes", AWSVAULT_PASSPHRASE=PASSPHRASE), 9, "seen generation 3")
        failed(home.run("unlock", AWSVAULT_PASSPHRASE=PASSPHRASE), 9, "seen generation 3")
        said = ok(home.run("restore", "--accept", "--yes", AWSVAULT_PASSPHRASE=PASSPHRASE))
        assert "as generation 4" in said
        assert home.export("dev")["AccessKeyId"]
    finally:
        stop(home)


def _copied(path, to):
    if os.path.isdir(path):
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(path, to)
    else:
        shutil.copyfile(path, to)
        os.chmod(to, 0o600)


def test_the_recovery_sheet_has_what_the_user_needs_and_no_secret(home):
    """Users, key ids, devices, console steps and the policy."""
    home.make_vault()
    printed = home.run("backup", "--sheet")
    assert printed.returncode == 0
    for text in (
        KEY_ID,
        "arn:aws:iam::111111111111:mfa/yourself",
        "aws:TokenIssueTime",
        "deactivate the key above",
        "restore FILE",
    ):
        assert text in " ".join(printed.stdout.split())
    for secret in (SECRET, PASSPHRASE, "GEZDGNBV"):
        assert secret not in printed.stdout


def test_a_backup_moves_the_vault_to_another_machine(home, tmp_path, aws):
    """The file on a stick, a new home, the passphrase: nothing else is needed."""
    home.make_vault()
    stick = os.path.join(home.root, "stick.avlt")
    ok(home.run("backup", stick))
    failed(home.run("backup", stick), 10, "already exists")
    failed(
        home.run("backup", home.root + "/no/stick.avlt"), 6, f"there is no folder {home.root}/no", "create it"
    )
    elsewhere = os.path.join(home.root, "elsewhere")
    failed(home.run("restore", os.path.join(home.root, "no such file"), "--yes"), 5)
    assert "entries: shared-services" in ok(home.run("restore", stick, "--yes", AWSVAULT_HOME=elsewhere))
    assert KEY_ID in home.run("list", AWSVAULT_HOME=elsewhere).stdout
    with open(stick, "r+b") as file:
        file.seek(3000)
        file.write(b"damage")
    failed(home.run("restore", stick, "--yes"), 9, "stick.avlt")


def test_a_keyring_that_does_not_answer_holds_an_export_for_three_seconds(home, tmp_path):
    """A hung service costs its bound and no more, where it would cost the whole deadline; the error says so."""
    mute = Desktop(tmp_path / "mute")
    try:
        home.env |= {"AWSVAULT_KEYRING": "auto"}
        home.scenario()
        real = Desktop(tmp_path / "real")
        try:
            real.log_in()
            ok(home.run("init", **real.env))
        finally:
            real.end()
        mute.be_mute()
        before = time.monotonic()
        failed(
            home.run("export", "dev", **mute.env, AWSVAULT_PASSPHRASE=None),
            3,
            "keyring (no answer within 3 s)",
        )
        assert 3 <= time.monotonic() - before < limits.DEADLINE
    finally:
        mute.end()


def test_an_agent_that_holds_the_vault_open_goes_on_after_new_keys(home, aws):
    """passwd and restore hand it the new keys: the next export asks nobody."""
    with_agent(home)
    try:
        unlock(home)
        first = home.export("dev")
        backup = os.path.join(home.root, "b")
        ok(home.run("passwd", "--stdin", "--yes", stdin=NEW, AWSVAULT_PASSPHRASE=PASSPHRASE))
        assert home.export("dev")["AccessKeyId"] != first["AccessKeyId"], (
            "a session under the old keys was served"
        )
        ok(home.run("backup", backup, AWSVAULT_PASSPHRASE=NEW))
        ok(home.run("restore", backup, "--yes", AWSVAULT_PASSPHRASE=NEW))
        assert home.export("prod")["AccessKeyId"]
    finally:
        stop(home)
