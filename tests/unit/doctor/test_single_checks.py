"""Single checks of doctor: each way into the same trouble, where it shows, and how grave it is."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import replace

import pytest

from tests.fakes.example import SERIAL
from tests.home import COMMAND
from tests.keyrings import Desktop
from tests.unit.agent.at_home import stop, until
from tests.unit.doctor.homes import BREAK, KEYS, findings
from vault.doctor import fixes
from vault.doctor.checks import run
from vault.doctor.gather import gather
from vault.system.paths import from_env


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("credential_source = Ec2", "credential_source 'Ec2' is not one of"),
        ("awsvault_source_profile = dev", "profile loop: "),
        ("duration_seconds = soon", "must be a number of seconds"),
    ],
)
def test_each_way_to_break_a_chain_is_named(home, line, said):
    """Missing sources, circles, unknown sources and impossible values come with file and line."""
    home.change_config("[profile prod]", f"[profile prod]\n{line}")
    if not line.startswith("awsvault_source"):
        home.change_config("awsvault_source_profile = shared-services\nmfa_serial", "mfa_serial")
    else:
        home.change_config(
            "awsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole\nawsvault_source_profile = shared-services",
            "awsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole\nawsvault_source_profile = prod",
        )
        home.change_config("ReadOnlyRole\nawsvault_source_profile = shared-services", "ReadOnlyRole")
    if line.startswith("duration"):
        home.change_config("ReadOnlyRole", "ReadOnlyRole\nawsvault_source_profile = shared-services")
    found = findings(home)["broken-chain"]
    assert said in found.message
    assert found.level == "error"


def test_a_profile_without_a_key_is_a_broken_chain(home):
    """A profile that calls us for a key that the vault does not hold fails in every tool."""
    home.edit(lambda payload: payload.without_entry("shared-services"))
    assert "has no key with that name" in findings(home)["broken-chain"].message


def test_a_seed_is_stored_by_the_entrys_name(home):
    """`mfa add` takes the entry, so the mend names it and not the device."""
    BREAK["device-without-seed"](home)
    assert findings(home)["device-without-seed"].hint == "awsvault-py mfa add shared-services"


def test_a_file_that_is_anothers_is_named_once(home):
    """The place, and then what is wrong with it."""
    os.chmod(home.config_path, 0o666)
    found = findings(home)["broken-file"]
    assert (found.where, found.message[:3]) == (home.config_path, "it ")


def test_a_key_of_the_config_file_is_taken_by_some_tools(home):
    """The AWS CLI and boto3 call us all the same: who does not is named."""
    home.change_config("[profile dev]", "[profile dev]\n" + KEYS.rstrip())
    found = findings(home)["keys-before-process"]
    assert "JavaScript and Go" in found.message
    assert "boto3" not in found.message
    assert found.hint == "awsvault-py import dev"
    assert "boto3" in findings_of_both(home)


def findings_of_both(home):
    home.credentials("[dev]\n" + KEYS)
    return findings(home)["keys-before-process"].message


def test_a_temporary_key_before_us_is_not_sent_to_import(home):
    """import would refuse it."""
    home.credentials("[dev]\n" + KEYS + "aws_session_token = t\n")
    found = findings(home)["keys-before-process"]
    assert "temporary" in found.hint
    assert "import" not in found.hint


def test_a_security_key_is_told_once_and_not_sent_for_a_seed(home):
    """It gives no codes: the line is an error, and `mfa add` would not help."""
    home.change_config(SERIAL, SERIAL.replace(":mfa/yourself", ":u2f/user/yourself/key-AB12"))
    found = findings(home)
    assert "FIDO" in found["broken-chain"].message
    assert "mfa enroll shared-services" in found["broken-chain"].hint
    assert "device-without-seed" not in found


def test_keys_in_clear_are_never_shown(home):
    """No finding repeats a secret."""
    home.credentials("[shared-services]\n" + KEYS)
    everything = findings(home)
    assert "je7MtGbClwBF" not in str(everything)


@pytest.mark.parametrize(
    ("url", "level"),
    [("https://sts.example", "note"), ("http://127.0.0.1:4566", "note"), ("http://sts.example", "error")],
)
def test_an_endpoint_in_clear_is_worse(home, url, level):
    """An endpoint of one's own is worth a note; plain http over the network is refused by us."""
    home.env["AWS_ENDPOINT_URL"] = url
    assert findings(home)["custom-endpoint"].level == level


def test_a_config_that_is_kept_in_git_is_a_note(home):
    """Many keep it with their dotfiles, and it holds no secret; with a key in it, it is a warning."""
    folder = os.path.join(home.root, ".aws")
    subprocess.run(["git", "init", "-q", folder], check=True)
    assert findings(home)["git-work-tree"].level == "note"
    home.change_config("[profile prod]", f"[profile other]\n{KEYS}\n[profile prod]")
    found = findings(home)["git-work-tree"]
    assert (found.level, "rotate" in found.hint) == ("warning", True)


def test_an_ignored_work_tree_is_fine(home):
    """A home under git that ignores these files is as it should be."""
    BREAK["git-work-tree"](home)
    with open(os.path.join(home.root, ".gitignore"), "w") as file:
        file.write(".aws/\nvault/\n")
    assert findings(home) == {}


def test_the_cache_of_the_cli_is_where_the_cli_has_it(home):
    """Under the home, though AWS_CONFIG_FILE points elsewhere."""
    BREAK["plaintext-cache"](home)
    os.rename(home.config_path, os.path.join(home.root, "elsewhere"))
    home.env["AWS_CONFIG_FILE"] = os.path.join(home.root, "elsewhere")
    assert findings(home)["plaintext-cache"].where.endswith(".aws/cli/cache")


def test_a_long_role_of_awss_own_tools_is_named(home):
    """The smallest move: they assume it with our MFA session, which AWS caps at an hour; by us it is no trouble."""
    role = "[profile long]\n{process}role_arn = arn:aws:iam::222222222222:role/LongRole\n"
    role += "source_profile = shared-services\nduration_seconds = 7200\n\n[profile prod]"
    home.change_config("[profile prod]", role.replace("{process}", ""))
    found = findings(home)["long-chained-role"]
    assert "the session of shared-services" in found.message
    assert "awsvault-py setup long" in found.hint
    home.change_config(
        "/LongRole\nsource_profile", "/LongRole\ncredential_process = {command} export long\nsource_profile"
    )
    assert "long-chained-role" not in findings(home)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_SSO"])
def test_each_service_that_is_called_may_have_an_endpoint(home, variable):
    """Keys are rotated at IAM's, portals are asked at SSO's."""
    home.env[variable] = "https://own.example"
    assert findings(home)["custom-endpoint"].where == variable


def test_a_command_of_others_without_its_path_is_a_note(home):
    """It runs here and not from the desktop; only its owner can say which path is meant."""
    home.change_config(
        "[profile prod]", "[profile theirs]\ncredential_process = sh -c true\n\n[profile prod]"
    )
    found = findings(home)["process-by-name"]
    assert (found.level, found.fixes) == ("note", ())
    assert "path: /" in found.hint


def test_a_config_with_keys_is_not_for_others_to_read(home):
    """AWS's tools take keys from there too; a config without any may be read by all."""
    os.chmod(home.config_path, 0o644)
    assert findings(home) == {}
    home.change_config("[profile prod]", f"[profile other]\n{KEYS}\n[profile prod]")
    os.chmod(home.config_path, 0o644)
    assert "read" in findings(home)["open-aws-files"].message


def test_an_agent_that_answers_is_not_silent(home):
    """A real one, behind the same socket."""
    home.env.pop("AWSVAULT_AGENT")
    assert home.run("unlock").returncode == 0
    try:
        assert findings(home) == {}
    finally:
        stop(home)


def test_an_agent_that_takes_a_call_and_says_nothing_is_silent(home):
    """A process that hangs keeps its socket; every export waits for it."""
    place = from_env(home.env).socket
    os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        os.chmod(place, 0o600)
        listener.listen()
        assert findings(home)["silent-agent"].level == "warning"


def test_a_real_keyring_is_used_or_found_locked(home, tmp_path, monkeypatch):
    """GNOME's: open, there is nothing to say; locked, it is a note, and a warning where a slot is kept there."""
    home.env["AWSVAULT_KEYRING"] = "auto"
    desktop = Desktop(tmp_path)
    try:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
        desktop.log_in()
        context = home.context()
        # A busy machine may keep the keyring from answering in its time, which is a note of the same name.
        until(
            lambda: (
                "keyring" not in {f.check for f in run(gather(home.context(), network=False), network=False)}
            )
        )
        desktop.lock()
        (finding,) = run(gather(context, network=False), network=False)
        assert (finding.check, finding.level) == ("keyring", "note")
        assert "locked" in finding.message
    finally:
        desktop.end()


def test_a_backup_from_before_a_renewal_is_old(home):
    """It opens by the old passphrase only; the next one ends the finding, made by the command as a person runs it."""
    home.edit(lambda payload: replace(payload, rekeyed=1_000))
    assert "rekey" in findings(home)["no-backup"].message
    home.edit(lambda payload: replace(payload, rekeyed=2))
    BREAK["no-backup"](home)
    assert "never backed up" in findings(home)["no-backup"].message
    assert home.run("backup", os.path.join(home.root, "another.avlt")).returncode == 0
    assert findings(home) == {}


@pytest.mark.parametrize(
    "line", ["web_identity_token_file = /var/token", "sso_account_id = 111111111111", "login_session = x"]
)
def test_whatever_stands_before_the_command_is_found_and_mended(home, line):
    """Each of them is asked before credential_process by some tool; --fix gives it the prefix."""
    home.change_config("[profile prod]", f"[profile prod]\n{line}")
    facts = gather(home.context(), network=False)
    everything = run(facts, network=False)
    found = {finding.check: finding for finding in everything}["role-before-process"]
    assert found.where.startswith(home.config_path + ":")
    fixes.apply(home.context(), fixes.changes(facts.files, everything), [])
    assert "role-before-process" not in findings(home)
    with open(home.config_path, encoding="utf-8") as file:
        assert f"\nawsvault_{line}\n" in file.read()


@pytest.mark.parametrize("kind", ["no right to run it", "a folder", "a dead link"])
def test_a_command_that_cannot_run_is_found(home, kind):
    """There, but no program."""
    path = os.path.join(home.root, "awsvault-py")
    if kind == "a folder":
        os.mkdir(path)
    elif kind == "a dead link":
        os.symlink("/nowhere", path)
    else:
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o644)) as file:
            file.write("#!/bin/sh\n")
    home.change_config(f"{COMMAND} export dev", f"{path} export dev")
    assert findings(home)["process-missing"].level == "error"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("sso_session = corp\n", None),
        ("sso_session = gone\n", "there is no [sso-session gone]"),
        ("sso_session = corp\nsso_region = eu-west-1\n", "sso_region is 'eu-west-1' here"),
        ("sso_session = corp\nsso_account_id = 222222222222\n", "lacks sso_role_name"),
    ],
)
def test_a_sign_in_that_cannot_be_is_named(home, lines, said):
    """Identity Center's keys that disagree or lack a part; a session alone is for services that take tokens."""
    corp = "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n"
    home.change_config("[profile prod]", f"{corp}[profile corp]\n{lines}[profile prod]")
    found = findings(home).get("broken-chain")
    assert (found is None) if said is None else (said in found.message)


@pytest.mark.parametrize(
    ("line", "level", "said"),
    [
        ("aws_mfa_device = arn:aws:iam::111111111111:mfa/yourself", "note", "only aws-mfa reads aws_mfa_device"),
        ("inlcude_profile = dev", "note", "inlcude_profile is not a known key"),
        ("region = x\n  role_arn = y", "warning", "role_arn is indented"),
        ("awsvault_confrim = always", "error", "awsvault_confrim is not a known key"),
    ],
)  # fmt: skip
def test_a_line_that_nobody_reads_is_told_once(home, line, level, said):
    """A slip is a note, a key that is lost by its indentation a warning, one of ours an error."""
    home.change_config("[profile prod]", f"[profile odd]\n{line}\n[profile prod]")
    found = findings(home)["unknown-key"]
    assert found.level == level
    assert said in found.message


@pytest.mark.parametrize(
    ("check", "quoted"),
    [
        ("process-needs-shell", "~/bin/awsvault-py"),
        ("mfa-of-user", "arn:aws:iam::111111111111:user/yourself"),
    ],
)
def test_the_value_that_is_complained_of_is_quoted(home, check, quoted):
    """Whoever reads the finding need not open the file to see what is meant."""
    BREAK[check](home)
    assert quoted in findings(home)[check].message


def test_a_device_with_a_typing_error_is_told_by_the_stored_one(home):
    """The seed is there, for another spelling: the line that has this one, and what it should be."""
    home.change_config("mfa/yourself", "mfa/yourslef")
    found = findings(home)["device-without-seed"]
    assert (found.level, found.where) == ("warning", f"{home.config_path}:4")
    assert "arn:aws:iam::111111111111:mfa/yourself" in found.message
