"""The record of issued credentials: it reads back as it was written, fits the log, and never has half a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import limits
from vault.credentials.audit import Record, decode, stored_name

LONGEST = {"time": 20, "expires": 20, "pid": 20, "parent_pid": 20, "use": 10, "origin": 10}
short = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=10)
arn = st.text(st.characters(codec="ascii", exclude_characters="\0 "), max_size=10)


def record(**fields):
    return Record(**{**dict.fromkeys(Record._fields, ""), **fields})


@given(st.builds(Record, **{**dict.fromkeys(Record._fields, short), "role": arn}))
def test_a_record_reads_back_as_it_was_written(written):
    """Every field, also an empty one."""
    assert decode(written.encode()) == written


def test_the_longest_record_fits_the_log():
    """Each field is cut by itself, so a long name takes no room from the others."""
    longest = Record(*("x" * 1000 for _ in Record._fields)).encode()
    assert len(longest) <= limits.LOG_TEXT
    assert decode(longest).program == "x" * 64


@pytest.mark.parametrize(("character", "size"), [("é", 2), ("한", 3), ("🔑", 4)])
def test_a_name_is_cut_between_characters(character, size):
    """Half of one would make the whole record something else than text."""
    kept = decode(record(profile="p" + character * 200).encode()).profile
    assert kept == "p" + character * (199 // size)


def test_no_name_starts_another_field():
    """NUL is what separates them."""
    kept = decode(record(profile="a\0b", program="c\0").encode())
    assert (kept.profile, kept.program, kept.role) == ("ab", "c", "")


def test_what_is_not_text_stays_readable():
    """An argument that is not UTF-8 comes as surrogates."""
    assert decode(record(program="a\udcffb").encode()).program == r"a\udcffb"


def test_what_was_done_with_a_remote_has_the_room_of_the_role():
    """It names entries, and a record of the remote has no role."""
    done = "2 came: +prod (laptop), ~dev; " * 20
    raw = record(session=done, origin="remote").encode()
    assert decode(raw).session == done[:299]
    assert decode(record(session=done, role="arn").encode()).session == done[:64]
    assert len(Record(*("x" * 1000 for _ in Record._fields))._replace(role="").encode()) <= limits.LOG_TEXT


@pytest.mark.parametrize("raw", [b"", b"a", b"\0" * (len(Record._fields) - 3)])
def test_a_record_of_another_form_is_none(raw):
    """With fewer fields than every version writes."""
    assert decode(raw) is None


@given(st.text(max_size=300))
def test_a_profile_is_found_in_the_log_under_the_name_that_is_kept(profile):
    """However long its name, and whatever it contains."""
    assert decode(record(profile=profile).encode()).profile == stored_name(profile)
