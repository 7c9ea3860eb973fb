"""docs/reference/json.md against what the commands print: every field both ways, its type, and when it is present."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace

import click
import pytest

from scripts.reference.json_actions import WITHOUT
from tests import trails
from tests.fakes.example import KEY_ID, SEED, SERIAL
from tests.home import PASSPHRASE, Home
from tests.remotes import note_remote
from tests.unit.agent.at_home import stop, told, unlock, until, with_agent
from tests.unit.benches import Bench
from tests.unit.cli.json_tables import WRITTEN, commands, compare, extend, page, printed
from tests.unit.inspect.chains import IN_SSO, KEYS, SSO, WEB
from tests.unit.inspect.test_status import LONG
from tests.vaults import entry
from vault.cli import main, status
from vault.cli.log_record import json_record
from vault.cli.rotation_report import RotationReport
from vault.credentials.audit import Record
from vault.inspect.status import State
from vault.keys import key_input, mfa_devices
from vault.rotation.run import RotationOutcome
from vault.secret import Secret
from vault.unlocking.keys import CodeWait

pytestmark = pytest.mark.usefixtures("inside")

CORP = "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n"
ROBOT = ("AKIAROBOTROBOEXAMPLE", "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SOURCES = (
    f"[profile keys]\n{KEYS}[profile process]\ncredential_process = op read x\n[profile web]\n{WEB}role_session_name = me\n"
    f"[profile sso]\n{IN_SSO}{SSO}[profile login]\nlogin_session = arn:aws:sts::111111111111:user\n"
    "[profile ec2]\nrole_arn = arn:aws:iam::222222222222:role/DeveloperRole\ncredential_source = Ec2InstanceMetadata\n"
    "external_id = e-1\nrole_session_name = me\n[profile broken]\nsource_profile = nobody\nrole_arn = arn:aws:iam::1:role/x\n"
)


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def with_tpm(home, tpm):
    home.env["AWSVAULT_TPM"] = tpm.place
    done = home.run("slots", "add", "tpm", "--yes", AWSVAULT_PASSPHRASE=PASSPHRASE)
    assert done.returncode == 0, done.stderr


def test_every_command_with_json_has_its_table():
    """And no other; otp is short for mfa code. Its help has no shapes, and names the page once at most."""
    group = main.build()
    every = {**dict(commands(group)), "version": group.get_command(None, "version")}
    offering = {path for path, command in every.items() if any("--json" in p.opts for p in command.params)}
    output = {re.match(r"[a-z]+( [a-z]+)*", title)[0] for title in WRITTEN if not title.endswith("--stdin")}
    assert output == offering - {"otp"}
    assert not offering & set(WITHOUT), "these have --json"
    assert offering | set(WITHOUT) == set(every), "each other command has its reason"
    assert all(f"| `{name}` | {why} |" in page() for name, why in WITHOUT.items())
    for command in every.values():
        text = command.get_help(click.Context(command))
        assert '{"' not in text
        assert "--json:" not in text
        assert text.count("json.md") <= 1 + ("--stdin" in text)


def test_export(ready):
    """A session of a role, and the key itself."""
    compare(
        "export PROFILE",
        printed(ready, "export", "dev"),
        printed(ready, "export", "shared-services", "--no-session"),
    )


def test_list(ready, aws):
    """With a session, a profile that does not resolve, production, and a rotation; --used where AWS answers, and where not."""
    extend(
        ready,
        SOURCES
        + "[profile live]\ncredential_process = {command} export dev\nawsvault_environment = production\n",
    )
    ready.run("rotate", "--yes")
    printed(ready, "export", "dev")
    note_remote(ready)
    found = printed(ready, "list", "--json")
    compare("list", found)
    (known,) = printed(ready, "list", "--used", "--json")["entries"]
    aws.world.keys.clear()
    (gone,) = printed(ready, "list", "--used", "--json")["entries"]
    assert "trouble" in gone
    compare("list --used", {"entries": [known]}, {"entries": [gone]})


def test_status_with_an_agent(home, aws, tpm):
    """Open, with its sessions, a kept key, a sign-in, and a session that is shorter than requested; then without an agent."""
    with_agent(home)
    extend(home, LONG + CORP)
    unlock(home)
    try:
        home.run("rotate", "--yes", AWSVAULT_PASSPHRASE=PASSPHRASE)
        home.run("sso", "login", "--device", AWSVAULT_PASSPHRASE=PASSPHRASE)
        # As a process, which closes its link to the agent. On a busy machine one may give up handing it the session.
        until(lambda: Home.run(home, "export", "dev").returncode == 0 and told(home)["sessions"])
        held = printed(home, "status", "--json")
    finally:
        stop(home)
    locked = printed(home, "status", "--json")
    with_tpm(home, tpm)
    locked["hardware"] = printed(home, "status", "--json")["hardware"]
    tpm.clear()
    locked["hardware"] += printed(home, "status", "--json")["hardware"]
    note_remote(home)
    locked |= {
        name: value
        for name, value in printed(home, "status", "--json", AWSVAULT_PASSPHRASE=PASSPHRASE).items()
        if name in ("remote", "last_synced", "waiting")
    }
    assert (held["state"], locked["state"]) == ("open", "none")
    strict = status._json(State("open", pid=1, opened=2, idle_until=3, until=4, strict_until=1_700_000_000))
    short = {"profile": "long", "expires": "2026-05-01T12:00:00Z", "wanted_seconds": 14400}
    held["given_for_an_hour"].append(short)  # test_a_session_for_an_hour has a real one
    compare("status", held, locked, {"strict_until": strict["strict_until"], **locked})


def test_a_session_for_an_hour(ready, aws):
    """The fields that status prints for it are those of the page."""
    extend(ready, LONG)
    desk = Bench(ready, aws)
    start = aws.world.now() // 30 * 30 + 5
    aws.world.clock.freeze(start)
    desk.ask("shared-services")
    desk.keys(desk.context()).take_code(SERIAL, CodeWait(desk.context().deadline, 50))
    aws.world.clock.freeze(start)
    desk.ask("long")
    (short,) = printed(ready, "status", "--json")["given_for_an_hour"]
    named = [at for at in WRITTEN["status"] if at.startswith("given_for_an_hour[].")]
    assert sorted(named) == sorted(f"given_for_an_hour[].{name}" for name in short)


def test_status_policy(ready, aws):
    """A key that is due."""
    aws.world.keys[KEY_ID].created = aws.world.now() - 91 * 86_400
    compare("status --policy AGE", printed(ready, "status", "--policy", "90d", "--json", code=1))


def test_explain(ready, tmp_path):
    """Every kind of source, and every call."""
    extend(ready, SOURCES)
    names = ("dev", "keys", "process", "web", "sso", "login", "ec2")
    far = "[profile own]\nawsvault_role_arn = arn:aws:iam::222222222222:role/R\nawsvault_source_profile = keys\n"
    policy = tmp_path / "policy.json"
    policy.write_text('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}')
    narrowed = (
        f"awsvault_policy_file = {policy}\nawsvault_policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess\n"
    )
    extend(ready, far + f"mfa_serial = {SERIAL}\n" + narrowed)
    compare("explain PROFILE", *(printed(ready, "explain", name, "--json") for name in (*names, "own")))


def test_explain_live(ready, aws):
    """Everything fine, a key without links, a refusal that is a fact, and one with candidates."""
    role = "arn:aws:iam::222222222222:role/ClosedRole"
    extend(
        ready, f"[profile shut]\nrole_arn = {role}\nsource_profile = shared-services\nregion = us-east-1\n"
    )
    extend(ready, f"[profile keys]\n{KEYS}")
    fine, key = (printed(ready, "explain", name, "--live", "--json") for name in ("dev", "keys"))
    unsure = printed(ready, "explain", "shut", "--live", "--json", code=1)
    aws.world.user("yourself").policies = ['{"Version": "2012-10-17", "Statement": []}']
    sure = printed(ready, "explain", "shut", "--live", "--json", code=1)
    assert (unsure["certain"], sure["certain"], sure["side"]) == (False, True, "caller")
    compare("explain PROFILE --live", fine, key, unsure, sure)


def test_which_and_whoami(ready):
    """A profile's identity, and that of the environment."""
    compare("which ACCOUNT-OR-ARN", printed(ready, "which", "222222222222", "--json"))
    key = printed(ready, "export", "shared-services", "--no-session")
    env = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    outside = printed(ready, "whoami", "--json", **env)
    assert "profile" not in outside
    compare("whoami", printed(ready, "whoami", "dev", "--json"), outside)


def test_doctor(ready):
    """Findings with and without something to do."""
    extend(ready, SOURCES)
    found = printed(ready, "doctor", "--json", code=1)
    os.chmod(ready.file("vault.avlt"), 0o644)
    fixed = printed(ready, "doctor", "--fix", "--yes", "--json", code=1)
    assert (set(fixed["fixed"]), fixed["not_fixed"]) == ({ready.file("vault.avlt"), ready.config_path}, [])
    compare("doctor", found, fixed)


def test_log(ready):
    """What an export leaves; and a record in which every field is known."""
    printed(ready, "export", "dev")
    printed(ready, "export", "shared-services", "--no-session")
    found = printed(ready, "log", "--json")
    full = Record(
        "1", "exec", "dev", "arn", "AKIA", "2000000000", "sts", "1", "sh", "2", "bash", "pts/1", "true", "me"
    )
    full = full._replace(time="1700000000")
    found["records"] += [json_record(full), json_record(full._replace(use="sync", origin="remote"))]
    compare("log", found)


def test_log_joined_with_cloudtrail(ready, aws, tmp_path):
    """Calls of awsvault-py, and one that was refused."""
    printed(ready, "export", "dev")
    calls = aws.calls.all()
    path = tmp_path / "trail.json"
    path.write_bytes(trails.log_file([*calls, replace(calls[0], result="AccessDenied", gives="")]))
    found = printed(ready, "log", "--cloudtrail", str(path), "--json")
    compare("log --cloudtrail FILE", found)


def test_sso(home, aws):
    """Signed in and out; a section without its lines."""
    home.config(CORP + "[sso-session a]\nx = 1\n")
    home.make_vault()
    compare("sso login", printed(home, "sso", "login", "corp", "--device", "--json"))
    compare("sso status", printed(home, "sso", "status", "--json"))
    compare("sso logout", printed(home, "sso", "logout", "corp", "--json"))


def test_mfa_and_slots(ready, clock, tpm):
    """Devices, a code, and the slots after one was used."""
    with_tpm(ready, tpm)
    compare("mfa list", printed(ready, "mfa", "list", "--json"))
    clock.early_in_a_step()
    compare("mfa code NAME", printed(ready, "mfa", "code", "shared-services", "--json"))
    note_remote(ready)
    compare("slots list", printed(ready, "slots", "list", "--json"))
    assert ready.run("mfa", "code", "shared-services", "--json", "--clip").returncode == 2


def test_backups(ready):
    """A copy; the automatic backups, of which the entries are known only if they open."""
    copy = os.path.join(ready.root, "copy.avlt")
    found = printed(ready, "backup", copy, "--json")
    assert (found["file"], found["bytes"]) == (copy, os.path.getsize(copy))
    compare("backup FILE", found)
    assert ready.run("backup", "--sheet", "--json").returncode == 2
    ready.run(
        "mfa", "add", "shared-services", "--stdin", stdin=json.dumps({"MfaSerial": SERIAL, "MfaSeed": SEED})
    )
    opened, shut = (
        printed(ready, "restore", "--json"),
        printed(ready, "restore", "--json", AWSVAULT_PASSPHRASE=None),
    )
    assert "entries" not in shut["backups"][0]
    compare("restore", opened, shut)


def test_clear(ready):
    """One profile's sessions, and all."""
    ready.settle()  # or no alias is kept
    printed(ready, "export", "dev")
    one = printed(ready, "clear", "dev", "--json")
    assert one == {"profile": "dev", "deleted": 2}
    compare("clear PROFILE", one)
    printed(ready, "export", "dev")
    every = printed(ready, "clear", "--json")
    assert every["files"] >= 2
    assert every["cache_key_replaced"]
    compare("clear", every)


def test_rotate(ready, aws, clock):
    """Planned, done, undone, finished, one that failed beside another, and one that waits for a machine."""
    plan = printed(ready, "rotate", "--dry-run", "--json")
    done = printed(ready, "rotate", "--yes", "--json")
    back = printed(ready, "rotate", "--undo", "--yes", "--json")
    idle = printed(ready, "rotate", "--older-than", "90d", "--yes", "--json")
    ready.run("rotate", "--yes")
    gone = printed(ready, "rotate", "--finish", "--yes", "--json")
    bench = Bench(ready, aws)
    bench.edit(lambda p: p.with_entry("a-robot", entry(ROBOT[0], secret=Secret(ROBOT[1]))))
    mixed = printed(ready, "rotate", "--all", "--yes", "--json", code=7)
    results = [
        report["result"] for found in (plan, done, back, idle, gone, mixed) for report in found["keys"]
    ]
    assert results == ["planned", "rotated", "restored", "unchanged", "deleted", "failed", "rotated"]
    assert done["keys"][0]["replaced"] == KEY_ID
    assert mixed["keys"][0]["exit_code"] == 7
    outcome = RotationOutcome(name="x", key_id=KEY_ID, until=1_800_000_000, waiting=("desktop",))
    waits = RotationReport("x", "rotated", outcome=outcome).as_json()
    compare("rotate", plan, done, back, idle, gone, mixed, {"keys": [waits]})


def test_setup_and_import(home):
    """Planned and done: each kind of change, a file that goes, and what stays."""
    home.config(
        f"[profile shared-services]\ncredential_process = aws-vault export shared-services\n{KEYS}[profile dev]\n"
        "role_arn = arn:aws:iam::222222222222:role/DeveloperRole\nsource_profile = shared-services\n"
        "[profile half]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
    )
    planned = printed(home, "import", "--dry-run", "--json", code=1)
    done = printed(home, "import", "--yes", "--json", code=1)
    assert (planned["applied"], done["applied"]) == (False, True)
    compare("import", planned, done)
    extend(
        home,
        "[profile more]\nrole_arn = arn:aws:iam::222222222222:role/DeveloperRole\nsource_profile = dev\n",
    )
    asked = printed(home, "setup", "--dry-run", "--json")
    assert [one["profile"] for one in asked["profiles"]] == ["more"]
    skipped = printed(home, "setup", "half", "--yes", "--json")
    assert not skipped["applied"]
    compare("setup", asked, printed(home, "setup", "--yes", "--json"), skipped)


def test_version(home):
    """The version alone."""
    compare("version", printed(home, "version", "--json"))


def test_the_input_of_stdin():
    """The fields that both commands know are those of the page; those that are always present are required."""
    for title, known, required in (
        ("add NAME --stdin", key_input._FIELDS, key_input._FIELDS[:2]),
        ("mfa add NAME --stdin", mfa_devices._FIELDS, ()),
    ):
        assert tuple(WRITTEN[title]) == known
        assert tuple(at for at, (_, when) in WRITTEN[title].items() if when == "always") == required
