"""Edits of AWS's files: only the named line changes, no other byte."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import errors
from vault.profiles.aws_files import decode
from vault.profiles.edit import Document
from vault.profiles.ini_parser import parse
from vault.profiles.revert import revert

DATA = os.path.join(os.path.dirname(__file__), "..", "..", "data")


def document(text: str, kind: str = "config") -> Document:
    return Document(text.encode(), path="config", kind=kind)


def after(text: str, edit) -> str:
    found = document(text)
    return found.apply([edit(found)]).decode()


@pytest.mark.parametrize(
    ("line", "renamed"),
    [
        ("role_arn = x", "awsvault_role_arn = x"),
        ("role_arn=x", "awsvault_role_arn=x"),
        ("Role_ARN\t=  x  ", "awsvault_role_arn\t=  x  "),
        ("role_arn =x\r", "awsvault_role_arn =x\r"),
        ("role_arn = x # why", "awsvault_role_arn = x # why"),
        ("role_arn =\n  a = b\n  c = d", "awsvault_role_arn =\n  a = b\n  c = d"),
    ],
)
def test_a_rename_keeps_spacing_case_comment_and_continuation(line, renamed):
    """Only the name changes."""
    for tail in ("", "\n", "\n\n[profile other]\nrole_arn = y\n"):
        text = f"# top\n[profile dev]\n{line}{tail}"
        assert after(
            text, lambda d: d.rename(d.places("dev", "role_arn")[0], "awsvault_role_arn")
        ) == text.replace(line, renamed, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("equals", ["=", " = ", "\t=  "])
def test_an_insert_looks_like_its_neighbors(end, equals):
    """Spacing and line end are the section's; if the last line has no end, the new last line has none."""
    text = f"[profile dev]{end}region{equals}x"
    assert after(text, lambda d: d.insert(1, "dev", "output", "json")) == f"{text}{end}output{equals}json"
    assert after(text, lambda d: d.insert(0, "dev", "output", "json")) == (
        f"[profile dev]{end}output{equals}json{end}region{equals}x"
    )


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", "[profile new]\na = b\n"),
        ("[default]\nx=y", "[default]\nx=y\n\n[profile new]\na=b\n"),
        ("[default]\r\nx=y\r\n", "[default]\r\nx=y\r\n\r\n[profile new]\r\na=b\r\n"),
        ("[default]\nx=y\n\n", "[default]\nx=y\n\n[profile new]\na=b\n"),
    ],
)
def test_a_new_section_is_set_apart(text, result):
    """One empty line before it, with the file's own line end."""
    assert after(text, lambda d: d.append("[profile new]", [("a", "b")])) == result


def test_a_value_is_replaced_with_its_continuation():
    """Spacing before it and the line end stay."""
    text = "[profile dev]\ncredential_process   =  old\r\nregion = x\n"
    found = document(text)
    (line,) = found.places("dev", "credential_process")
    assert found.apply([found.set_value(line, "new")]).decode() == text.replace("old", "new")


def test_all_of_a_doubled_key_and_section_is_found():
    """A key that is set twice has two places, in any of the profile's sections."""
    text = (
        "[profile dev]\nrole_arn = a\nrole_arn = b\n[profile x]\nrole_arn = n\n[profile dev]\nrole_arn = c\n"
    )
    assert [line.start for line in document(text).places("dev", "role_arn")] == [1, 2, 6]


def test_sections_that_no_tool_reads_are_not_touched():
    """[dev] without profile in the config file, an sso-session, a section of another program."""
    text = "[dev]\nrole_arn = a\n[sso-session dev]\nrole_arn = b\n[plugins]\nrole_arn = c\n"
    assert document(text).places("dev", "role_arn") == []


def test_both_ways_to_write_default_are_the_profile():
    """[default] and [profile default]: tools differ in which they read, so both are edited."""
    text = "[default]\nrole_arn = a\n[profile default]\nrole_arn = b\n"
    assert [line.start for line in document(text).places("default", "role_arn")] == [1, 3]


def test_a_broken_file_is_an_error_with_its_line():
    """Nothing is edited in a file that tools refuse."""
    with pytest.raises(errors.ConfigError, match="config:2: "):
        document("[profile dev]\nno equals sign\n")


def test_overlapping_edits_are_a_bug():
    """Two edits of one line would lose one of them."""
    found = document("[profile dev]\nrole_arn = a\n")
    (line,) = found.places("dev", "role_arn")
    with pytest.raises(errors.Internal):
        found.apply([found.remove(line), found.rename(line, "x")])


TEXTS = st.lists(
    st.sampled_from(
        ["[default]", "[profile dev]", "[profile dev]  # c", "[dev]", "[sso-session s]", "[profile a b]", '[profile "a b"]',
         "role_arn = x", "ROLE_ARN=y", "region = eu # c", "s3 =", "  a = b", "\tc = d", "", "# c", "; c", "  # in",
         "k = é", "source_profile\t= z  ", "aws_access_key_id = AKIAIOSFODNN7EXAMPLE"]
    ),
    max_size=14,
)  # fmt: skip


@given(TEXTS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from(["config", "credentials"]))
def test_places_are_those_that_the_parser_finds(lines, end, ended, kind):
    """The last place of each key is the line that counts, and without edits the file stays the same to the byte."""
    raw = (end.join(lines) + (end if ended else "")).encode()
    try:
        read = parse(decode(raw, path="f"), path="f", kind=kind)
    except errors.ConfigError:
        with pytest.raises(errors.ConfigError):
            Document(raw, path="f", kind=kind)
        return
    found = Document(raw, path="f", kind=kind)
    assert found.apply([]) == raw
    for name, section in read.profiles.items():
        for key, held in section.properties.items():
            last = found.places(name, key)[-1]
            assert last.start == held.line - 1
            assert last.end == (held.parts[-1][0] if held.parts else held.line)


@pytest.mark.parametrize("indent", ["  ", "\t", "      "])
def test_first_property_of_an_empty_section_is_indented_like_the_next_header(indent):
    """Otherwise the header would continue it."""
    found = Document(f"[profile a]\n{indent}[profile b]\n".encode(), path="config", kind="config")
    again = Document(found.apply([found.insert(0, "a", "k", "v")]), path="config", kind="config")
    assert list(again.sections.profiles) == ["a", "b"]


@pytest.mark.parametrize("indent", ["  ", "\t", "      "])
def test_in_an_indented_file_no_line_continues_another(indent):
    """Renamed, or inserted after the header or a property, with its neighbors' indentation."""
    text = f"{indent}[profile a]\n{indent}region = x\n{indent}role_arn = r\n{indent}  deeper\n[profile b]\n{indent}k = v\n"
    found = Document(text.encode(), path="config", kind="config")
    edits = [
        found.rename(found.places("a", "role_arn")[0], "awsvault_role_arn"),
        found.insert(0, "a", "first", "1"),
        found.insert(1, "a", "second", "2"),
        found.insert(4, "b", "third", "3"),
        found.append("[profile c]", [("k", "v")]),
    ]
    again = Document(found.apply(edits), path="config", kind="config")
    held = {
        name: {k: p.value for k, p in s.properties.items()} for name, s in again.sections.profiles.items()
    }
    assert held == {
        "a": {"first": "1", "region": "x", "second": "2", "awsvault_role_arn": "r\ndeeper"},
        "b": {"third": "3", "k": "v"},
        "c": {"k": "v"},
    }
    assert revert(again, found.hunks(edits), exact=True) == found.data


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[default]\nx = y\n\n[profile a]\nb = c\n", "[default]\nx = y\n"),
        ("[default]\nx = y\n\n[profile a]\nb = c\n\n[profile z]\n", "[default]\nx = y\n\n[profile z]\n"),
        ("[profile a]\nb = c\n\n# z\n[profile z]\n", "\n# z\n[profile z]\n"),
        ("[profile a]  ; here\n# one\nb =\n  c = d\n# two\n", "; here\n# one\n# two\n"),
        ("[default]\n[profile a]", "[default]\n"),
    ],
)
def test_a_section_goes_with_its_lines_only(text, left):
    """And with the empty line before it. Comments stay."""
    found = document(text)
    edit = found.remove_section("a")
    assert found.apply([edit]).decode() == left
    assert [hunk.profile for hunk in found.hunks([edit])] == [""]
