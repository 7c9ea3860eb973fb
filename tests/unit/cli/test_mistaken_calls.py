"""Commands that are called without what they need, or with what does not go together: exit code, and the way out."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from types import SimpleNamespace

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import failed
from vault.cli import credential_formats, prompt_line
from vault.cli.add import command_in_profile
from vault.errors import Usage


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("backup",), 2, "FILE or --sheet"),
        (("import", "--as", "x"), 2, "--as needs --csv"),
        (("import", "--granted", "--csv", "x"), 2, "only one of"),
        (("exec", "shared-services", "-x"), 2, "'-x' is not a command; write: exec [OPTIONS] PROFILE -- CMD"),
        (("exec", "shared-services", "ls", "--", "ls"), 2, "'ls' comes before --"),
        (("mfa", "add", "shared-services"), 2, "--stdin"),
        (("login", "--browser", "'", "shared-services"), 2, "--browser"),
        (("prompt", "--for", "tcsh"), 2, "error: invalid value for '--for'"),
        (("shell-init", "tcsh"), 2, "error: 'tcsh' is not one of 'bash', "),
        (("restore", "bak3"), 5, "there is no automatic backup bak3"),
    ],
)
def test_a_call_that_cannot_be_meant_is_told_before_anything_is_done(home, here, words, code, said):
    """Two lines, and nothing on stdout."""
    home.scenario()
    home.make_vault()
    failed(here(home, *words), code, said)


@pytest.mark.parametrize(
    ("words", "option", "after"),
    [
        (("--region", "eu-west-1", "exec", "dev", "--", "true"), "--region", "awsvault-py exec --region"),
        (("-d1h", "export", "dev"), "-d", "awsvault-py export -d"),
        (("--json", "ls"), "--json", "awsvault-py ls --json"),
        (("mfa", "--json", "list"), "--json", "awsvault-py mfa list --json"),
    ],
)
def test_an_option_before_its_command_is_told_where_it_goes(home, here, words, option, after):
    """Not which other option is spelled like it."""
    failed(
        here(home, *words),
        2,
        f"error: {option} is before the command",
        f"hint: put it after the command: {after}",
    )


def test_an_option_that_its_command_does_not_have_is_unknown(home, here):
    """Also to the program itself, which has no option that is similar."""
    failed(here(home, "--regoin", "exec", "dev"), 2, "error: no such option '--regoin'\n", "--help")
    failed(
        here(home, "exec", "--regoin"),
        2,
        "error: no such option '--regoin'; did you mean '--region'?\n",
        "exec --help",
    )


def test_a_hint_names_the_path_of_config_toml(home, here):
    """Nobody has to look up where the file is, and its name in a path is left alone."""
    home.settings("", trusted=())
    home.config("[profile a]\nendpoint_url = http://sts.example.internal\nregion = us-east-1\n")
    home.make_vault("a", serial=None, seed=None)
    done = here(home, "export", "a", AWS_ENDPOINT_URL=None)
    failed(done, 6, f"add to {home.file('config.toml')}: allow_http = ")


def test_a_recovery_code_is_not_issued_where_nobody_can_read_it(home, here):
    """No vault is made either: the person runs it again at a terminal."""
    failed(here(home, "init", "--recovery"), 3, "recovery code", "--recovery")
    assert not os.path.exists(home.file("vault.avlt"))


def test_a_key_by_stdin_wants_a_stdin(home, here):
    """Closed by the caller, it counts as an empty one."""
    failed(here(home, "add", "dev", "--stdin", stdin=None), 2, "--stdin is empty")


def test_a_strict_seed_needs_a_seed(home, here):
    """A serial alone opens nothing."""
    home.make_vault(seed=None)
    done = here(
        home, "mfa", "add", "shared-services", "--stdin", "--strict", stdin=f'{{"MfaSerial":"{SERIAL}"}}'
    )
    failed(done, 2, "--strict", "the seed", "ARN")


def test_a_strict_seed_needs_a_user(home, here):
    """Its passphrase is chosen at a terminal: the seed is not kept otherwise meanwhile."""
    home.make_vault(seed=None)
    done = here(home, "mfa", "add", "shared-services", "--stdin", "--strict", stdin=f'{{"MfaSeed":"{SEED}"}}')
    failed(done, 3, "passphrase for the strict seeds")
    assert '"seed_stored": false' in here(home, "mfa", "list", "--json").stdout


def test_a_device_of_no_entry_has_no_key_to_ask_aws_with(home, here):
    """The seed lies in the vault, and nothing could tell AWS of its clock."""
    home.make_vault()
    assert here(home, "mfa", "add", "shared-services", "--stdin",
                stdin='{"MfaSerial":"arn:aws:iam::111111111111:mfa/another"}').returncode == 0  # fmt: skip
    failed(here(home, "mfa", "resync", SERIAL), 5, f"no entry uses {SERIAL}")


def test_a_section_of_an_ini_file_has_a_name_that_fits():
    """Another form says it without one."""
    answer = {"AccessKeyId": "A", "SecretAccessKey": "s"}
    assert credential_formats.render("ini", answer, profile="a b", region=None).startswith("[a b]\n")
    for name in ("a]b", "a[b", "a\nb", "a\x1bb"):
        with pytest.raises(Usage, match="INI"):
            credential_formats.render("ini", answer, profile=name, region=None)


@pytest.mark.parametrize("name", ["awsvault-py", "another"])
def test_a_config_file_calls_us_by_a_path_that_is_there(tmp_path, monkeypatch, name):
    """By name where that leads to this program, by the path it was called by where it does not."""
    running = tmp_path / name
    running.write_text("#!/bin/sh\n")
    running.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(running)])
    wanted = str(running) if name == "awsvault-py" else "awsvault-py"
    assert command_in_profile(SimpleNamespace(env={"PATH": "/nowhere"})) == wanted
    assert command_in_profile(SimpleNamespace(env={"PATH": str(tmp_path)})) == "awsvault-py"


class Full(io.StringIO):
    """A stream on a full disk."""

    def flush(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_prompt_that_cannot_be_shown_is_none(home, monkeypatch):
    """Whatever goes wrong, the shell's own prompt follows and has no error in it."""
    home.scenario()
    for name, value in {**home.env, "AWS_PROFILE": "dev"}.items():
        monkeypatch.setenv(name, value)
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Full())
    monkeypatch.setattr(sys, "stderr", said)
    assert prompt_line.run(["prompt"]) == 0
    assert said.getvalue() == ""


def test_a_wrong_secret_is_not_said_to_be_stored(home, here):
    """Nothing was, so nothing is to be replaced."""
    home.make_vault()
    key = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET[::-1]}
    done = here(home, "add", "other", "--stdin", stdin=json.dumps(key))
    failed(done, 7, "SignatureDoesNotMatch")
    assert ("nothing was stored" in done.stderr, "--replace" in done.stderr) == (True, False)
