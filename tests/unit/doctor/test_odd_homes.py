"""Doctor in homes where a part cannot be read or run: what it still finds, and what --fix does there."""

from __future__ import annotations

import os

import pytest

from tests.home import COMMAND
from tests.unit.aws.recorder import Recorder
from tests.unit.doctor.homes import BREAK, KEYS, findings
from vault import errors
from vault.doctor import fixes
from vault.doctor.checks import run
from vault.doctor.findings import Chmod, Finding, Remove, Rewrite
from vault.doctor.gather import gather


def other(home, text):
    """One more profile."""
    home.change_config("[profile prod]", f"[profile other]\n{text}\n\n[profile prod]")


# ── commands ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("command", "check", "said", "fix"),
    [
        (
            '/bin/sh -c "true',
            "process-needs-shell",
            'has an unclosed quote ("true)',
            "close the quote",
        ),
        ("", "process-missing", "is empty", "remove the line"),
        (
            "no-such-program get",
            "process-by-name",
            "calls no-such-program, which is not on the PATH",
            "install it",
        ),
    ],
)
def test_a_command_that_starts_nothing_is_named(home, command, check, said, fix):
    """In its own words, and with no mend: whose command it is, its owner knows."""
    other(home, f"credential_process = {command}")
    found = findings(home)[check]
    assert found.message == f"profile other: credential_process {said}"
    assert (found.level, found.hint, found.fixes) == ("error", fix, ())


def test_a_copy_of_ours_that_does_not_run_is_of_no_known_version(home):
    """It is there and executable, and fails: the mend calls the copy that runs."""
    old = os.path.join(home.root, "old")
    os.mkdir(old)
    path = os.path.join(old, "awsvault-py")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o755)) as file:
        file.write("#!/bin/sh\nexit 3\n")
    home.change_config(f"{COMMAND} export dev", f"{path} export dev")
    found = findings(home)["process-older"]
    assert "version unknown" in found.message
    assert found.hint == "awsvault-py setup dev"


def test_a_command_of_others_beside_ours_is_never_rewritten(home):
    """What counts for us is another line: the mend of a broken command is not to make it one of ours."""
    other(home, "awsvault_credential_process = {command} export dev\ncredential_process = /nowhere/tool get")
    assert findings(home)["process-missing"].fixes == ()


# ── files ───────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_import_leaves_is_named_with_its_reason(home):
    """Half a key is no key to move, and still lies in clear."""
    home.credentials("[other]\n" + KEYS.splitlines()[0] + "\n")
    found = findings(home)["plaintext-keys"]
    assert (found.where, "incomplete" in found.message) == (f"{home.credentials_path}:2", True)
    assert found.hint == "edit the file"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (KEYS + "aws_session_token = x\n", "temporary"),
        ("aws_access_key_id = test\naws_secret_access_key = test\n", "cannot be moved into the vault"),
    ],
)
def test_a_key_that_import_would_refuse_is_not_sent_there(home, keys, said):
    """Temporary, or no key of AWS's at all: the import would only send its user back."""
    home.credentials(f"[other]\n{keys}")
    found = findings(home)["plaintext-keys"]
    assert said in found.message
    assert "import" not in (found.hint or "")


def test_a_line_that_cannot_be_read_is_the_place(home):
    """Every tool stops there; checks of profiles have nothing to say, and others still do."""
    other(home, "no equals sign")
    BREAK["one-way-in"](home)
    found = findings(home)
    assert found["broken-file"].where.startswith(home.config_path + ":")
    assert {"broken-file", "one-way-in"} <= set(found)
    assert not {name for name in found if "chain" in name or "process" in name or "device" in name}


def test_profiles_that_include_each_other_are_named_and_passed_over(home):
    """A circle is told once; the profiles beside it are looked at as ever."""
    other(home, "awsvault_include_profile = another\n[profile another]\nawsvault_include_profile = other")
    BREAK["process-by-name"](home)
    found = findings(home)
    assert "include_profile loop: " in found["broken-chain"].message
    assert set(found) == {"broken-chain", "process-by-name"}


def test_a_services_section_that_is_not_there_is_told_by_its_chain(home):
    """Whose endpoint it would have named is not guessed."""
    home.change_config("[profile dev]", "[profile dev]\nservices = gone")
    found = findings(home)
    assert "there is no [services gone]" in found["broken-chain"].message
    assert "custom-endpoint" not in found


def test_a_vault_that_stays_shut_is_not_said_to_lack_a_seed(home):
    """What nobody could look at is not told."""
    BREAK["device-without-seed"](home)
    del home.env["AWSVAULT_PASSPHRASE_FILE"]
    assert {"device-without-seed", "seed-without-device"}.isdisjoint(findings(home))


def test_an_answer_without_a_time_tells_nothing_of_the_clock(home):
    """A proxy that leaves the Date out: the check says what it lacked."""
    with Recorder() as server:
        home.env |= {"AWS_ENDPOINT_URL": server.url, "NO_PROXY": "127.0.0.1"}
        facts = gather(home.context(), network=True)
    assert facts.skew_problem == f"{server.url} gave no Date"
    assert f"{server.url} gave no Date" in str(run(facts, network=True))


# ── --fix ───────────────────────────────────────────────────────────────────────────────────


def finding(*fixes_):
    return Finding(level="error", where="x", message="x", hint="x", fixes=fixes_)


def test_a_line_that_two_findings_would_mend_is_mended_once(home):
    """Two edits of one line would lose one of them."""
    home.change_config(f"{COMMAND} export dev", "~/bin/awsvault-py export dev")
    facts = gather(home.context(), network=False)
    (edits,) = [m.edits for f in run(facts, network=False) for m in f.fixes if isinstance(m, Rewrite)]
    twice = [finding(Rewrite("config", edits)), finding(Rewrite("config", edits))]
    (change,) = fixes.changes(facts.files, twice)
    assert change.after.count(f"{COMMAND} export dev\n".encode()) == 1


def test_what_went_meanwhile_needs_no_mend(home):
    """Gone, or a link that somebody put there since: neither the link nor what it leads to is touched."""
    target = os.path.join(home.root, "target")
    with open(target, "w", encoding="utf-8"):
        os.chmod(target, 0o644)
    link = os.path.join(home.root, "link")
    os.symlink(target, link)
    rest = [Chmod(os.path.join(home.root, "gone"), 0o600), Chmod(link, 0o600), Remove(link)]
    assert fixes.apply(home.context(), [], rest) == []
    assert os.stat(target).st_mode & 0o777 == 0o644
    assert os.path.islink(link)


def test_a_mend_that_fails_is_told_as_the_command_that_it_is(home):
    """A person can run it and see why."""
    folder = os.path.join(home.root, "folder")
    os.mkdir(folder)
    with pytest.raises(errors.StorageError, match=f"^rm {folder}: "):
        fixes.apply(home.context(), [], [Remove(folder)])
