"""A CloudTrail export joined with the log: vault/inspect/cloudtrail.py."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from vault import errors, limits
from vault.credentials.audit import Record
from vault.inspect import cloudtrail
from vault.inspect.cloudtrail import JoinedBy

ROLE = "arn:aws:iam::222222222222:role/team/DeveloperRole"
SESSION_ARN = "arn:aws:sts::222222222222:assumed-role/DeveloperRole/yourself@host"


def trail_event(**changes):
    """An event of a session, with ``changes``."""
    identity = {"type": "AssumedRole", "arn": SESSION_ARN, "accessKeyId": "ASIAEXAMPLE"}
    return {
        "userIdentity": identity,
        "eventTime": "2026-11-30T08:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "us-west-2",
        "sourceIPAddress": "192.0.2.1",
        **changes,
    }


def read(*events):
    return cloudtrail.read(json.dumps({"Records": events}).encode(), "trail.json")


TIME = read(trail_event())[0].time


def record(**changes):
    """A record of the session, issued ten minutes before the event."""
    whole = Record(
        str(TIME - 600), "exec", "dev", ROLE, "ASIAEXAMPLE", str(TIME + 3000), "sts", "1", "bash", "2", "tmux", "pts/1",
        "terraform", "yourself@host",
    )  # fmt: skip
    return whole._replace(**changes)


def joined(events, *records):
    return cloudtrail.join(events, records)


def test_an_event_is_joined_with_the_latest_issue_before_it():
    """A later use of the same session did not make the call."""
    first, second, later = record(), record(time=str(TIME - 10), program="aws"), record(time=str(TIME + 1))
    (found,) = joined(read(trail_event()), first, second, later)
    assert found.record == second
    assert found.event.name == "s3:GetObject"


def test_the_clock_of_this_machine_may_be_ahead():
    """The event is a second older than the record of its session: no other session has the access key ID."""
    assert joined(read(trail_event()), record(time=str(TIME + 1)))[0].by is JoinedBy.KEY


def test_an_event_of_other_credentials_has_no_record():
    """Not even of the same role under the same session name: anyone who may assume it can choose the name."""
    other = trail_event(userIdentity={"arn": SESSION_ARN, "accessKeyId": "ASIAOTHER"})
    for use in ("exec", "login"):
        assert joined(read(other), record(use=use))[0] == (read(other)[0], None, JoinedBy.NOTHING)


CONSOLE = trail_event(
    userIdentity={"arn": SESSION_ARN, "accessKeyId": "ASIACONSOLE"}, sessionCredentialFromConsole="true"
)


def test_a_console_session_is_found_by_its_name():
    """The console has another access key ID, but the role and the session name are those of the log."""
    login = record(use="login")
    assert joined(read(CONSOLE), login)[0] == (read(CONSOLE)[0], login, JoinedBy.NAME)


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "export"},
        {"session": ""},
        {"session": "somebody@host"},
        {"role": ROLE.replace("2" * 12, "3" * 12)},
        {"role": ROLE + "2"},
        {"expires": str(TIME - 1)},
        {"time": str(TIME + 1)},
    ],
)
def test_another_console_session_is_not(changes):
    """Another use, name, account, role or time."""
    assert joined(read(CONSOLE), record(**{"use": "login", **changes}))[0].by is JoinedBy.NOTHING


def test_many_events_and_records_are_joined_in_proportion():
    """Ten times as many take about ten times as long, not a hundred: a full log has 20,000 records."""

    def seconds(size):
        records = [record(access_key_id=f"ASIA{at}", time=str(TIME - 600 + at % 500)) for at in range(size)]
        chain = [
            trail_event(
                userIdentity={"arn": SESSION_ARN, "accessKeyId": f"X{at + 1}"},
                sessionCredentialFromConsole="true",
                responseElements={"credentials": {"accessKeyId": f"X{at}" if at else "ASIA0"}},
            )
            for at in range(size)
        ]
        events = read(*chain)
        spent = []
        for _ in range(3):
            begins = time.process_time()
            assert all(each.by is JoinedBy.OWN for each in cloudtrail.join(events, records))
            spent.append(time.process_time() - begins)
        return min(spent)

    seconds(100)
    assert seconds(10_000) < 50 * max(seconds(1000), 0.002)


def test_calls_on_the_way_to_a_session_are_awsvault_pys_own():
    """The key asks for the MFA session, which assumes the role: neither of the two is in the log."""
    way = [
        trail_event(
            userIdentity={"type": "IAMUser", "accessKeyId": signer},
            eventName=name,
            responseElements={"credentials": {"accessKeyId": gives}},
        )
        for signer, name, gives in (
            ("AKIAEXAMPLE", "GetSessionToken", "ASIAMFA"),
            ("ASIAMFA", "AssumeRole", "ASIAEXAMPLE"),
            ("AKIAEXAMPLE", "GetSessionToken", "ASIAOTHER"),
        )
    ]
    assert [each.by is JoinedBy.OWN for each in joined(read(*way), record(time=str(TIME)))] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"{}",
        b'{"Records": {}}',
        b'{"Records": [1]}',
        b'{"Records": [{"eventTime": "yesterday"}]}',
        b'{"Records": [{"eventTime": 3}]}',
        b'{"Records": [{"eventTime": "0001-01-01T00:00:00+14:00"}]}',
        b'{"Records": [{"eventTime": "9999-12-31T23:59:59-14:00"}]}',
        gzip.compress(b'{"Records": []}', mtime=0) * 2,
        b'{"Events": [{"CloudTrailEvent": "{"}]}',
        gzip.compress(b'{"Records": []}', mtime=0)[:-12],
        b"\x1f\x8b\x08garbage",
        b"\xff\xfe",
    ],
    ids=range(15),
)
def test_another_file_is_an_error_that_names_it(raw):
    """Cut, damaged, or of another form; never a part of the events."""
    with pytest.raises(errors.ConfigError, match=r"^trail\.json: "):
        cloudtrail.read(raw, "trail.json")


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    """The size is known before the memory is taken."""
    monkeypatch.setattr(limits, "TRAIL_UNPACKED", 1000)
    with pytest.raises(errors.ConfigError, match="1000 bytes"):
        cloudtrail.read(gzip.compress(b" " * 2000), "trail.json")


def test_what_a_terminal_would_obey_is_escaped():
    """An event has text that others chose: the user agent of a caller, the name of a session."""
    (found,) = read(trail_event(eventName="\x1b[2J", errorCode="\x1b]0;x\x07"))
    assert "\x1b" not in found.name + found.error
