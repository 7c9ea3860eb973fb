"""Where the headers and properties of a profile stand in a file."""

from __future__ import annotations

import pytest

from vault.profiles.file_lines import LineRecorder


def recorded(text, kind="config"):
    recorder = LineRecorder("config", kind)
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            recorder.header(number, line)
        elif line[:1].isspace():
            recorder.continuation(number, line)
        elif line:
            recorder.property(number, line)
    return recorder


def lines(recorder):
    return [(line.profile, line.key, line.start, line.end) for line in recorder.found]


def test_the_lines_of_a_profile():
    """From 0, and the end is not included; a continuation belongs to the line above."""
    found = recorded(
        "[profile a]\nregion = us-east-1\ns3 =\n  max = 1\n  min = 2\n\n[profile b]\nregion = x\n"
    )
    assert lines(found) == [("a", "region", 1, 2), ("a", "s3", 2, 5), ("b", "region", 7, 8)]
    assert found.headers == [("a", 0), ("b", 6)]
    assert found.opens == [0, 6]


def test_a_section_that_is_no_profile_is_not_recorded():
    """Its header opens a section all the same, so that nothing is written into it."""
    found = recorded(
        "[profile a]\nregion = x\n[sso-session corp]\nsso_region = x\n[services s]\nsts =\n  endpoint_url = x\n"
    )
    assert lines(found) == [("a", "region", 1, 2)]
    assert found.headers == [("a", 0)]
    assert found.opens == [0, 2, 4]


@pytest.mark.parametrize("kind", ["config", "credentials"])
def test_a_profile_that_is_opened_twice(kind):
    """Both headers are its own; its form has the first of them."""
    header = "[profile a]" if kind == "config" else "[a]"
    found = recorded(f"{header}\nx = 1\n[other]\n{header}\nx = 2\n", kind)
    assert [number for name, number in found.headers if name == "a"] == [0, 3]
    assert [line for line in lines(found) if line[0] == "a"] == [("a", "x", 1, 2), ("a", "x", 4, 5)]
    assert list(found.forms["a"].values()) == [0]


def test_both_forms_of_the_default_profile():
    """Each has its first header, because only one of them counts."""
    found = recorded("[default]\nx = 1\n[profile default]\nx = 2\n[default]\nx = 3\n")
    assert sorted(found.forms["default"].values()) == [0, 2]
    assert [number for _, number in found.headers] == [0, 2, 4]
