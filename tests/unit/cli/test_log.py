"""``log`` by the installed command: what each way of handing out leaves there, filters, and that nothing secret is in it."""

import json
import os

import pytest

from tests.fakes.example import DEVELOPER, SECRET
from tests.home import PASSPHRASE, failed
from tests.unit.cli.five_profiles import at_terminal
from tests.vaults import soon
from vault import limits
from vault.agent.pending_record import PendingRecord
from vault.cache.audit_log import AuditLog
from vault.credentials import audit
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def records(home, *options):
    done = home.run("log", "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["records"]


def test_each_use_is_recorded_with_who_asked(ready, started):
    """exec, export and the server: time, profile, role, key id, end, cache or STS, process and its parent."""
    ready.run("exec", "dev", "--", "true")
    found = ready.export("dev")
    ready.run("exec", "--server", "prod", "--", "true")
    first, second, third = records(ready)
    assert (first["use"], first["from"], first["program"]) == ("exec", "sts", "true")
    assert (second["use"], second["from"]) == ("export", "cache")
    assert (third["use"], third["profile"]) == ("serve", "prod")
    assert second["role"] == "arn:aws:iam::222222222222:role/DeveloperRole"
    assert second["access_key_id"] == found["AccessKeyId"]
    assert second["expires"] == found["Expiration"]
    assert second["pid"] == os.getpid()
    assert second["parent_pid"] == os.getppid()
    assert SECRET not in json.dumps([first, second, third])
    assert found["SecretAccessKey"] not in json.dumps(second)


def test_filters(ready):
    """--profile and --since choose; a wrong time is usage."""
    ready.export("dev")
    ready.export("prod")
    assert [r["profile"] for r in records(ready, "--profile", "prod")] == ["prod"]
    assert len(records(ready, "--since", "1h")) == 2
    failed(ready.run("log", "--since", "soon"), 2, "--since")


def test_a_long_name_is_found(ready):
    """A record holds the start of it: --profile takes the whole."""
    name = "n" * 256
    ready.config(f"[profile {name}]\nregion = eu-west-1\nawsvault_credential = shared-services\n")
    ready.export(name)
    assert len(records(ready, "--profile", name)) == 1
    assert records(ready, "--profile", "other") == []


def test_verify_says_whole_and_finds_a_change(ready):
    """Exit 0 and the count; after a cut at the end exit 1 with what is missing."""
    ready.export("dev")
    ready.export("prod")
    done = ready.run("log", "--verify")
    assert done.returncode == 0
    assert "2 records" in done.stderr
    os.truncate(ready.file("log/current"), 1024)
    failed(ready.run("log", "--verify"), 1, "missing at the end")


@pytest.mark.parametrize("letter", ["a", "\N{FAMILY}", "\udcff", "\N{EURO SIGN}"])
def test_a_record_is_read_as_it_was_written_however_long_its_names_are(letter):
    """Each field is cut to whole characters, and all of them together fit: none drops out of the log."""
    whole = audit.Record(*(letter * 512 for _ in audit.Record._fields))
    raw = whole.encode()
    assert len(raw) <= limits.LOG_TEXT
    found = audit.decode(raw)
    assert found is not None
    for name, value in found._asdict().items():
        assert value, name
        assert letter * 512 == value + letter * (512 - len(value)) or letter == "\udcff"


def test_a_record_that_cannot_be_read_is_no_whole_log(ready):
    """By a program of another version, or cut: it is counted, shown as a problem, and the rest is listed."""
    ready.export("dev")
    opened = vault.open_with_passphrase(from_env(ready.env), Secret(PASSPHRASE), deadline=soon())
    with AuditLog.open(ready.file("log"), cache_key=opened.cache_key, vault_id=opened.vault_id) as journal:
        journal.append(b"of another form", deadline=soon())
    failed(ready.run("log", "--verify"), 1, "1 records cannot be read")
    assert len(records(ready)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c[:1500] + bytes([c[1500] ^ 1]) + c[1501:], "changed, or not written by awsvault-py"),
        (lambda c: c[:1024] + c[2048:], "does not follow"),
        (lambda c: c[1024:2048] + c[:1024] + c[2048:], "does not follow"),
        (lambda c: c + b"half", "torn"),
    ],
    ids=["flipped", "taken out", "swapped", "torn"],
)
def test_verify_names_what_was_done_to_it(ready, change, said):
    """Exit 1 with the place; the records that still open are shown all the same, and the next export is logged."""
    for profile in ("dev", "prod", "dev"):
        ready.export(profile)
    with open(ready.file("log/current"), "rb") as file:
        content = file.read()
    with open(ready.file("log/current"), "wb") as file:
        file.write(change(content))
    failed(ready.run("log", "--verify"), 1, said)
    left = len(records(ready))
    assert left in (2, 3)
    ready.export("prod")
    assert len(records(ready)) == left + 1


def test_a_full_file_is_rotated_and_the_command_reads_both(ready):
    """4 MiB of records begin a new file; `log` and --verify go over all of them."""
    ready.export("dev")
    paths = from_env(ready.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    note = PendingRecord(1_800_000_000, "bulk", "ASIAEXAMPLE", 1_800_003_600, "1")
    count = limits.LOG_FILE // limits.LOG_RECORD
    audit.log_agent_answers(paths.log, [note] * count, cache_key=opened.cache_key, vault_id=opened.vault_id)
    ready.export("prod")
    done = ready.run("log", "--verify")
    assert (done.returncode, f"{count + 2} records" in done.stderr) == (0, True)
    assert os.path.getsize(ready.file("log/older.1")) == limits.LOG_FILE
    assert os.path.getsize(ready.file("log/current")) == 2 * limits.LOG_RECORD
    assert [r["profile"] for r in records(ready) if r["profile"] != "bulk"] == ["dev", "prod"]


def test_log_false_writes_nothing(ready):
    """config.toml log = false: no folder, and export as before."""
    ready.settings("log = false\n")
    ready.export("dev")
    assert not os.path.exists(ready.file("log"))


def test_a_log_that_cannot_be_written_stops_nobody(ready):
    """A file in the place of the folder: the export is had all the same."""
    with open(ready.file("log"), "w"):
        pass
    assert ready.export("dev")["AccountId"] == "222222222222"


def test_clear_keeps_the_log(ready):
    """clear replaces the cache key, and the earlier records can still be read."""
    ready.export("dev")
    assert ready.run("clear").returncode == 0
    assert len(records(ready)) == 1


def test_at_a_terminal_the_role_of_an_arn_fits_its_column(ready):
    """exec --source logs the ARN as the profile. Its name is enough for a user; a pipe and JSON have all of it."""
    ready.run("exec", DEVELOPER, "--source", "shared-services", "--", "true")
    shown = at_terminal(ready, "log", NO_COLOR="1", COLUMNS="80").splitlines()
    assert [line.split()[2:4] for line in shown if " exec " in line] == [["exec", "role/DeveloperRole"]]
    assert ready.run("log").stdout.split("\t")[2] == DEVELOPER
