"""What is recorded of an answer: the access key ID in its line, and the process that asked."""

from __future__ import annotations

import os
import socket

import pytest

from vault.agent import pending_record


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"Version": 1, "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s"}\n', "ASIAIOSFODNN7EXAMPLE"),
        (bytearray(b'{"AccessKeyId": "ASIA"}'), "ASIA"),
        (b'{"AccessKeyId": ""}', ""),
        (b'{"SecretAccessKey": "s"}', ""),
        (b"", ""),
        (b'{"AccessKeyId": "AS\xffIA"}', "AS\ufffdIA"),
    ],
)  # fmt: skip
def test_the_access_key_id_of_a_line(line, found):
    """Without json; empty where there is none, and bytes that are not ASCII do no harm."""
    assert pending_record.access_key_id(line) == found


def test_who_asked_is_the_parent_of_the_client():
    """The client is a short-lived process of this program; the record names the process that ran it."""
    here, there = socket.socketpair()
    with here, there:
        assert pending_record.asker_of(here) == str(os.getppid())


def test_a_system_that_does_not_tell_the_client(monkeypatch):
    """Nobody is named."""
    monkeypatch.setattr(pending_record, "peer_pid", lambda _: None)
    assert pending_record.asker_of(None) == ""


def test_a_process_is_named_with_its_parent_and_terminal(monkeypatch):
    """Two look-ups: of the process, and of its parent."""
    known = {7: ("make", "6", "pts/3"), 6: ("bash", "1", "")}
    monkeypatch.setattr(pending_record, "process", lambda pid: known[pid])
    assert pending_record.named("7") == ("make", "6", "bash", "pts/3")


def test_a_process_that_has_ended_has_no_names(monkeypatch):
    """Its parent is unknown too. Without an ID nothing is looked up."""
    asked = []
    monkeypatch.setattr(pending_record, "process", lambda pid: asked.append(pid) or ("", "", ""))
    assert pending_record.named("7") == ("", "", "", "")
    assert pending_record.named("") == ("", "", "", "")
    assert asked == [7]
