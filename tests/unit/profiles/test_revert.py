"""Edits undone, also in a file that has been edited since."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.profiles.test_edit import TEXTS, document
from vault import errors
from vault.profiles.edit import Document
from vault.profiles.ini_parser import parse
from vault.profiles.revert import revert


@given(TEXTS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.randoms(use_true_random=False))
def test_any_edits_are_undone_to_the_byte(lines, end, ended, dice):
    """Rename, remove, replace and insert in any order; revert gives the first bytes again."""
    raw = (end.join(["[default]", *lines]) + (end if ended else "")).encode()
    try:
        found = Document(raw, path="f", kind="config")
    except errors.ConfigError:
        return
    edits = []
    for name in ("default", "dev", "a b"):
        for line in found.keys(name):
            edits += dice.choice(
                [[], [found.remove(line)], [found.rename(line, "awsvault_x")], [found.set_value(line, "v")]]
            )
        edits += [found.insert(at, name, "credential_process", "p") for at in found.headers(name)[:1]]
    edits += [found.append("[profile new]", [("a", "b")])]
    changed = found.apply(edits)
    now = Document(changed, path="f", kind="config")
    assert revert(now, found.hunks(edits), exact=True) == raw


def test_edits_are_undone_in_a_file_that_was_edited_since():
    """Other profiles and lines may have changed: each line is found in its own profile."""
    text = "[profile a]\nrole_arn = r\nsource_profile = s\nmfa_serial = m\n[profile b]\nrole_arn = r\nsource_profile = s\n"
    found = document(text)
    edits = [
        found.rename(line, "awsvault_" + line.key)
        for n in "ab"
        for line in found.keys(n)
        if line.key != "mfa_serial"
    ]
    edits += [
        found.remove(found.places("a", "mfa_serial")[0]),
        found.insert(0, "a", "credential_process", "p"),
    ]
    changed = found.apply(edits).decode()
    edited = "# new\n[profile z]\nawsvault_role_arn = r\n" + changed.replace(
        "[profile b]", "output = json\n\n[profile b]"
    )
    back = revert(document(edited), found.hunks(edits), exact=False).decode()
    read = parse(back, path="f", kind="config").profiles
    assert {k: v.value for k, v in read["a"].properties.items()} == {
        "role_arn": "r", "source_profile": "s", "mfa_serial": "m", "output": "json"
    }  # fmt: skip
    assert {k: v.value for k, v in read["b"].properties.items()} == {"role_arn": "r", "source_profile": "s"}
    assert {k: v.value for k, v in read["z"].properties.items()} == {"awsvault_role_arn": "r"}


def test_changed_lines_are_refused():
    """A line that has been changed since is not guessed at."""
    found = document("[profile a]\nrole_arn = r\n")
    edits = [found.rename(found.places("a", "role_arn")[0], "awsvault_role_arn")]
    with pytest.raises(ValueError, match="a"):
        revert(document("[profile a]\nawsvault_role_arn = other\n"), found.hunks(edits), exact=False)
    with pytest.raises(ValueError, match="a"):
        revert(document("[profile b]\nregion = x\n"), found.hunks(edits), exact=False)


def test_new_section_is_undone_in_a_file_that_grew_since():
    """It is found anywhere in the file, and what was written after it stays."""
    found = document("[default]\nx = y\n")
    edits = [found.append("[profile new]", [("a", "b")])]
    grown = found.apply(edits).decode() + "\n[profile later]\nregion = x\n"
    back = revert(document(grown), found.hunks(edits), exact=False).decode()
    assert back == "[default]\nx = y\n\n[profile later]\nregion = x\n"


def test_only_whole_lines_are_undone():
    """A line that merely ends like an inserted one stays."""
    found = document("[profile a]\nregion = x\n")
    edits = [found.insert(1, "a", "role_arn", "r")]
    edited = found.apply(edits).decode() + "awsvault_role_arn = r\n"
    back = revert(document(edited), found.hunks(edits), exact=False).decode()
    assert back == "[profile a]\nregion = x\nawsvault_role_arn = r\n"


REMOVED = "[default]\nx = y\n\n[profile a]\nb = c\n\n[profile d]\ne = f\n"


def test_removed_sections_return_to_their_place():
    """In the file as it was left."""
    found = document(REMOVED)
    edits = [
        found.remove_section("a"),
        found.remove_section("d"),
        found.append("[profile new]", [("g", "h")]),
    ]
    changed = document(found.apply(edits).decode())
    assert changed.data == b"[default]\nx = y\n\n[profile new]\ng = h\n"
    assert revert(changed, found.hunks(edits), exact=True).decode() == REMOVED


@pytest.mark.parametrize("text", [REMOVED, REMOVED.replace("\n\n", "\n")])
def test_removed_sections_return_to_the_end_of_a_file_that_was_edited_since(text):
    """Never into another section, whose keys they would take over. Also if the last line has no end."""
    found = document(text)
    edits = [found.remove_section("a"), found.remove_section("d")]
    edited = document("[profile q]\nr = s\n" + found.apply(edits).decode() + "z = last")
    back = parse(revert(edited, found.hunks(edits), exact=False).decode(), path="f", kind="config").profiles
    read = {name: {key: value.value for key, value in one.properties.items()} for name, one in back.items()}
    assert read == {"q": {"r": "s"}, "default": {"x": "y", "z": "last"}, "a": {"b": "c"}, "d": {"e": "f"}}


def test_a_new_section_that_was_edited_since_is_named():
    """The user sees which profile keeps the undo from being done."""
    found = document("[default]\nx = y\n")
    edits = [found.append("[profile new]", [("a", "b")])]
    with pytest.raises(ValueError, match="new"):
        revert(document("[default]\n\n[profile new]\na = c\n"), found.hunks(edits), exact=False)


def reverted(before, edits, *, edited):
    """The file that an undo leaves after ``edits`` of ``before``, if it is then ``edited(after)``."""
    found = document(before)
    made = edits(found)
    now = document(edited(found.apply(made).decode()))
    return revert(now, found.hunks(made), exact=False).decode()


SOURCE = "[profile a]\nregion = us-east-1\n"


@pytest.mark.parametrize("more", ["region = eu-west-1\n", "# mine\nrole_arn = r\n", "  deeper = 1\n"])
@pytest.mark.parametrize("last", [False, True])
def test_a_new_section_with_more_lines_stays(more, last):
    """Without its header they would belong to the profile before it, and change its region or role."""

    def edits(found):
        return [found.append(f"[profile {n}]", [("x", n)], after=n == "new2") for n in ("new1", "new2")]

    name = "new2" if last else "new1"
    with pytest.raises(ValueError, match=f"^{name}$"):
        reverted(SOURCE, edits, edited=lambda t: t.replace(f"x = {name}\n", f"x = {name}\n{more}"))


@pytest.mark.parametrize("more", ["# mine\n", "\n", "\n[profile z]\nregion = us-west-2\n"])
def test_a_new_section_goes_if_only_a_comment_or_another_section_follows(more):
    """They stay."""
    back = reverted(SOURCE, lambda f: [f.append("[profile new]", [("x", "1")])], edited=lambda t: t + more)
    assert back == SOURCE + more


@pytest.mark.parametrize("more", [" --duration 1h", "-2\n", "\n  deeper = 1\n"])
def test_a_last_line_that_goes_on_is_another_line(more):
    """The file had no last line end. A part of a line is never taken out."""
    with pytest.raises(ValueError, match=r"^a$"):
        reverted(
            SOURCE.rstrip(),
            lambda f: [f.insert(1, "a", "credential_process", "p")],
            edited=lambda t: t + more,
        )


def test_a_removed_section_does_not_go_back_beside_another_one_of_its_name():
    """Their keys would be read as one profile."""
    with pytest.raises(ValueError, match=r"^b$"):
        reverted(
            SOURCE + "[profile b]\nrole_arn = r\n",
            lambda f: [f.remove_section("b")],
            edited=lambda t: t + "[profile b]\nrole_arn = s\n",
        )


def two_sections(found):
    return [found.append(f"[profile {n}]", [("x", n)], after=n == "new2") for n in ("new1", "new2")]


def test_sections_without_the_empty_line_between_them_stay():
    """It belongs to the second one, and the line end before it to the first: no byte is taken out twice."""
    with pytest.raises(ValueError, match=r"^new2$"):
        reverted(SOURCE, two_sections, edited=lambda t: t.replace("\n\n[profile new2]", "\n[profile new2]"))


def test_a_profile_right_above_a_new_section_keeps_its_line_end():
    """The empty line before the section was replaced by the user's profile."""
    back = reverted(
        SOURCE + "[profile b]\nrole_arn = r\n",
        lambda f: [f.remove_section("b"), *two_sections(f)],
        edited=lambda t: t.replace("\n\n[profile new2]", "\n\n[profile mine]\ny = 1\n[profile new2]"),
    )
    assert back == SOURCE + "\n[profile mine]\ny = 1\n[profile b]\nrole_arn = r\n"


def test_a_last_line_that_goes_back_is_a_line_of_its_own():
    """It had no line end, and goes back before others."""

    def edits(found):
        return [found.remove(found.places("a", "output")[0])]

    assert (
        reverted(SOURCE + "output = json", edits, edited=lambda t: t + "x = 1\n")
        == "[profile a]\noutput = json\nregion = us-east-1\nx = 1\n"
    )
    assert reverted("[profile a]\noutput = json", edits, edited=lambda t: "# mine\n" + t.rstrip()) == (
        "# mine\n[profile a]\noutput = json"
    )


@pytest.mark.parametrize("way", ["rename", "remove"])
def test_a_key_that_you_set_since_is_not_set_twice(way):
    """The line that comes back could be the one that counts."""

    def edits(found):
        (line,) = found.places("a", "region")
        return [found.rename(line, "awsvault_region") if way == "rename" else found.remove(line)]

    with pytest.raises(ValueError, match=r"^a$"):
        reverted(
            SOURCE, edits, edited=lambda t: t.replace("[profile a]\n", "[profile a]\nregion = eu-west-1\n")
        )


@pytest.mark.parametrize("more", ["  deeper = 1\n", "\n# mine\n  deeper = 1\n"])
def test_a_line_that_goes_back_is_not_continued(more):
    """By an indented line that was added under the header."""
    with pytest.raises(ValueError, match=r"^a$"):
        reverted(
            SOURCE,
            lambda f: [f.remove(f.places("a", "region")[0])],
            edited=lambda t: t.replace("[profile a]\n", "[profile a]\n" + more),
        )


def test_a_line_does_not_go_back_into_lines_that_leave():
    """The file has no empty line any more between the header and the added section."""
    with pytest.raises(ValueError, match=r"^a$"):
        reverted(
            SOURCE,
            lambda f: [f.remove(f.places("a", "region")[0]), *two_sections(f)[:1]],
            edited=lambda t: t.replace("[profile a]\n\n", "[profile a]\n"),
        )


def test_a_line_goes_back_before_the_sections_that_do():
    """Its header was the end of the file."""
    back = reverted(
        "[profile b]\nrole_arn = r\n" + SOURCE,
        lambda f: [f.remove_section("b"), f.remove(f.places("a", "region")[0])],
        edited=str.rstrip,
    )
    assert back == SOURCE + "\n[profile b]\nrole_arn = r\n"
