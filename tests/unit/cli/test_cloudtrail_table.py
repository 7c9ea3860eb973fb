"""``log --cloudtrail`` against the stand-in: which program made each call, and which calls are of nobody in the log."""

from __future__ import annotations

import gzip
import json

import boto3
import pytest

from tests import trails
from tests.home import failed

SESSION_ARN = "arn:aws:sts::222222222222:assumed-role/DeveloperRole/yourself@host"


@pytest.fixture
def used(home, aws):
    """A home with two sessions that made calls, and one call by a session from elsewhere."""
    home.scenario()
    home.make_vault()
    home.run("exec", "dev", "--", "true")
    found = home.export("prod")
    stranger = aws.world.add_session(
        kind="role", account="222222222222", arn=SESSION_ARN, user_id="AROAEXAMPLE:x", seconds=3600,
        role="arn:aws:iam::222222222222:role/DeveloperRole",
    )  # fmt: skip
    for keys in (
        (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]),
        (stranger.key_id, stranger.secret, stranger.token),
    ):
        identity(home, *keys)
    return home


def identity(home, key_id, secret, token):
    """Call GetCallerIdentity at the stand-in."""
    boto3.client(
        "sts",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name="us-east-1",
        endpoint_url=home.env["AWS_ENDPOINT_URL"],
    ).get_caller_identity()


@pytest.mark.parametrize(
    "form", [trails.log_file, trails.lookup, lambda calls: gzip.compress(trails.log_file(calls))]
)
def test_every_event_of_an_export_is_joined_and_a_stranger_is_named(used, aws, tmp_path, form):
    """The program that had the session, awsvault-py's own calls, and the one that the log does not know."""
    path = tmp_path / "trail.json"
    path.write_bytes(form(aws.calls.all()))
    done = used.run("log", "--cloudtrail", str(path), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["events"]
    assert sorted(event["event"] for event in found) == sorted(f"sts:{call.action}" for call in aws.calls)
    by = {event["event"]: [] for event in found}
    for event in found:
        by[event["event"]].append((event["by"], event.get("record", {}).get("profile")))
    assert sorted(by["sts:AssumeRole"]) == [("awsvault-py", "dev"), ("awsvault-py", "prod")]
    assert by["sts:GetSessionToken"] == [("awsvault-py", None)]
    assert sorted(by["sts:GetCallerIdentity"]) == [("issued", "prod"), ("unknown", None)]
    shown = used.run("log", "--cloudtrail", str(path))
    assert "not in the log" in shown.stdout
    assert "5 events, 1 of them" in shown.stderr


def test_the_program_that_had_the_session_is_named(home, aws, tmp_path):
    """The one that exec ran, with its parent and the session name that AWS knows; also in the table."""
    home.scenario()
    home.make_vault()
    assert home.run("exec", "dev", "--", "aws", "sts", "get-caller-identity").returncode == 0
    path = tmp_path / "trail.json"
    path.write_bytes(trails.log_file(aws.calls.of("GetCallerIdentity")))
    (event,) = json.loads(home.run("log", "--cloudtrail", str(path), "--json").stdout)["events"]
    record = event["record"]
    assert (event["by"], record["profile"], record["program"]) == ("issued", "dev", "aws")
    assert event["identity"].endswith(f"assumed-role/DeveloperRole/{record['session']}")
    (row,) = home.run("log", "--cloudtrail", str(path)).stdout.splitlines()
    assert row.split("\t")[1:5] == ["sts:GetCallerIdentity", "dev", f"aws {record['pid']}", record["parent"]]


def test_filters_choose_events_and_not_what_they_are_joined_with(used, aws, tmp_path):
    """Another profile's event is left out; it does not become one that the log does not know."""
    path = tmp_path / "trail.json"
    path.write_bytes(trails.log_file(aws.calls.all()))
    by = ("log", "--cloudtrail", str(path), "--json")
    chosen = json.loads(used.run(*by, "--profile", "prod").stdout)["events"]
    assert [event["record"]["profile"] for event in chosen] == ["prod", "prod"]
    assert len(json.loads(used.run(*by, "--since", "1h").stdout)["events"]) == 5


def test_a_damaged_log_is_said(used, aws, tmp_path):
    """What it lacks is shown as unknown, so the reader must know."""
    path = tmp_path / "trail.json"
    path.write_bytes(trails.log_file(aws.calls.all()))
    with open(used.file("log/current"), "r+b") as file:
        file.seek(100)
        file.write(b"\0\0")
    assert "the log is incomplete" in used.run("log", "--cloudtrail", str(path)).stderr


def test_the_log_has_the_session_name_of_every_use(used):
    """A cache hit does not know it; the record that filled the cache does."""
    used.run("exec", "dev", "--", "true")
    first, _, again = json.loads(used.run("log", "--json").stdout)["records"]
    assert first["session"]
    assert again["session"] == first["session"]


def test_mistaken_options_are_errors(used, tmp_path):
    """A missing file, and options that do not fit together."""
    failed(used.run("log", "--cloudtrail", str(tmp_path / "none")), 2, "no such file")
    failed(used.run("log", "--cloudtrail", "x", "--verify"), 2, "--verify")
    failed(used.run("log", "--cloudtrail", str(tmp_path)), 6, "not a pipe")
    (tmp_path / "x").write_text("{}")
    failed(used.run("log", "--cloudtrail", str(tmp_path / "x")), 6, "Records")
