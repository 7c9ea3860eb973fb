"""The grammar of AWS's files: the 65 shared cases, and what they leave open."""

import json

import pytest

from tests.data import path_of
from vault import errors
from vault.profiles.ini import subproperties
from vault.profiles.ini_parser import parse

with open(path_of("smithy-rs/profile-parser-tests.json"), encoding="utf-8") as found:
    CASES = json.load(found)["tests"]


# Names that botocore and the AWS CLI accept and the shared grammar ignores: here they are profiles, with a note.
TAKEN = {2: {"foo!bar": {}}, 40: {"in valid 2": {"name2": "value2"}}, 55: {"profile foo": {"name": "value"}},
         60: {"profile bar": {}}}  # fmt: skip


def texts(sections):
    return {name: {p.name: p.value for p in s.properties.values()} for name, s in sections.items()}


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{n}-{CASES[n]['name'][:60]}")
def test_shared_grammar(number):
    """Each of the 65 cases gives the profiles, or the error, that AWS's SDKs share."""
    given, expected = CASES[number]["input"], CASES[number]["output"]
    try:
        config = parse(given.get("configFile", ""), path="config", kind="config")
        credentials = parse(given.get("credentialsFile", ""), path="credentials", kind="credentials")
    except errors.ConfigError as error:
        assert expected["errorContaining"] in error.message
        assert error.message.partition(":")[0] in ("config", "credentials")
        return
    merged = texts(config.profiles)
    for name, keys in texts(credentials.profiles).items():
        merged.setdefault(name, {}).update(keys)
    assert merged == {**expected["config"]["profiles"], **TAKEN.get(number, {})}
    assert number not in TAKEN or any(
        "botocore and the AWS CLI" in note.message for note in (*config.notes, *credentials.notes)
    )
    assert texts(config.sso_sessions) == expected["config"].get("sso_sessions", {})


def test_all_cases_are_there():
    """None of the 65 is missing."""
    assert len(CASES) == 65


def shifted(headers, properties, *, blank=""):
    """Two profiles with indented headers and properties."""
    rows = ["region = us-east-1", blank, "# why", "s3 =", "  max = 3", "role_arn = r"]
    return "".join(
        f"{headers}[profile {name}]\n" + "".join(f"{properties}{row}\n" for row in rows)
        for name in ("a", "b")
    )


@pytest.mark.parametrize(
    ("headers", "properties"), [("", "  "), ("    ", "    "), ("  ", "\t\t\t"), ("\t", "\t"), (" ", "")]
)
def test_a_file_that_is_indented_throughout(headers, properties):
    """As a heredoc leaves it: a line is on its own unless it is indented more than the property above it."""
    if (headers, properties) == (" ", ""):
        with pytest.raises(errors.ConfigError, match=r"^config:8: an indented header") as raised:
            parse(shifted(headers, properties), path="config", kind="config")
        assert "indentation" in raised.value.hint
        return
    found = parse(shifted(headers, properties), path="config", kind="config")
    assert list(found.profiles) == ["a", "b"]
    for section in found.profiles.values():
        assert {n: p.value for n, p in section.properties.items()} == {
            "region": "us-east-1", "s3": "\nmax = 3", "role_arn": "r",
        }  # fmt: skip
        assert section.properties["role_arn"].line == section.line + 6
    (first, *others) = found.notes
    assert first.line == (1 if headers else 2)
    assert "Java and Rust refuse" in first.message
    assert [(n.line, "JavaScript and Go" in n.message) for n in others] == [(7, True), (14, True)]


@pytest.mark.parametrize(
    "text",
    [
        "[profile a]\nregion = x\n  [profile b]\n",
        "[other]\nx = 1\n [profile b] # b\n",
        "[profile a]\n  x =\n    [profile b]\n",
    ],
)
def test_a_header_that_tools_read_differently_is_refused(text):
    """botocore reads it as part of the value above, JavaScript and Go as a header: it is unclear whose keys follow."""
    with pytest.raises(errors.ConfigError, match=r"config:[23]: an indented header"):
        parse(text, path="config", kind="config")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[profile a]\nx = 1\n\nbroken\n", 4),
        ("# c\n[profile a\n", 2),
        ("[profile a]\r\nx = 1\r\n= 2\r\n", 3),
        ("[profile a]\ns3 =\n  a = 1\n\n  b\n", 5),
        ("x = 1", 1),
    ],
)
def test_errors_have_their_line(text, line):
    """The error of a broken file names the line that breaks it."""
    with pytest.raises(errors.ConfigError, match=f"^config:{line}: "):
        parse(text, path="config", kind="config")


def notes_of(text, kind="config"):
    return [(note.line, note.message) for note in parse(text, path=kind, kind=kind).notes]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("\ufeff[profile a]\nx = 1\n", 1, "byte order mark"),
        ("[profile a]\nx = 1 # one\n", 2, "the comment after a value"),
        ("[profile a]\nx = 1\nx = 2\n", 3, "this value counts"),
        ("[profile a]\n[profile a]\n", 2, "[profile a] is in the file twice"),
        ("[default]\nx = 1\n[profile default]\n", 1, "[default] is ignored because"),
        ("[a]\n", 1, "write [profile a]"),
        ("[profile my dev]\n", 1, "in quotes"),
        ("[profile R&D]\n", 1, "only botocore and the AWS CLI"),
        ("[profile b\u00fcro]\n", 1, "only botocore and the AWS CLI"),
        ("[profiles dev]\n", 1, "only botocore and the AWS CLI"),
        ('[profile "my dev"]\n', 1, "only botocore and the AWS CLI"),
        ("[something else]\n", 1, "[something else] is ignored"),
        ("[DEFAULT]\nx = 1\n", 1, "every section inherit"),
        ("[ profile a]\nx = 1\n", 1, "the spaces inside the brackets"),
        ("[profile a]\nmy key = 1\n", 2, "'my key' is ignored"),
        ("[profile a]\nx = 1\n  # why\n", 3, "an indented comment"),
    ],
)
def test_notes(text, line, said):
    """Lines that AWS's tools do not all read alike have a note for doctor."""
    assert any(at == line and said in message for at, message in notes_of(text)), notes_of(text)


@pytest.mark.parametrize(
    "text", ["[preview]\nx = 1\n", "[plugins]\ncli = x\n", "[profile a]\nx=1\n# c\n; c\n\n"]
)
def test_no_notes(text):
    """Lines that all read alike, and sections of the AWS CLI, have none."""
    assert notes_of(text) == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("[my dev]", "only botocore and the AWS CLI"),
        ("[R&D]", "only botocore and the AWS CLI"),
        ("[profile bob]", "write [bob]"),
        ("[sso-session corp]", "is ignored"),
        ("[a\x1b[31m]", "is ignored"),
    ],
)
def test_notes_of_the_credentials_file(header, said):
    """Names that not every tool accepts, and headers that belong in the other file."""
    assert any(said in message for _, message in notes_of(f"{header}\nx = 1\n", "credentials"))


def test_byte_order_mark_does_not_hide_the_first_profile():
    """The mark is removed and noted."""
    assert "a" in parse("\ufeff[profile a]\n", path="config", kind="config").profiles


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('[profile "my dev"]', "my dev"),
        ("[profile 'my dev']", "my dev"),
        ("[profile my\\ dev]", "my dev"),
        ('[profile "a]"]', "a]"),
        ('[profile "a" "b"]', None),
        ('[profile "a]', None),
        ('[profile ""]', None),
        ('[profile "a\x1b[31m"]', None),
        ("[profile R&D]", "R&D"),
        ("[profile b\u00fcro]", "b\u00fcro"),
        ('[profile "a\u202eb"]', "a\u202eb"),
        ('[sso-session "my corp"]', None),
    ],
)
def test_quoted_names(header, name):
    """A quoted name is one name, as in botocore; anything else is not a profile."""
    try:
        sections = parse(header + "\nx = 1\n", path="config", kind="config")
    except errors.ConfigError:
        assert name is None
        return
    assert list(sections.profiles) == ([name] if name is not None else [])


def test_values_keep_their_lines():
    """The line of a value, the first line of a continued one, the own line of a nested one."""
    sections = parse(
        "\n[profile a]\nx = 1\ny = 2\n  3\ns3 =\n\n  # c\n  k = v\n", path="config", kind="config"
    )
    properties = sections.profiles["a"].properties
    assert {name: found.line for name, found in properties.items()} == {"x": 3, "y": 4, "s3": 6}
    assert properties["y"].value == "2\n3"
    assert subproperties(properties["s3"])["k"].line == 9
    assert subproperties(properties["x"]) == {}


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_a_newline_ends_a_line(separator):
    """No other character that some readers count as a line end opens a section or a property."""
    sections = parse(f"[profile a]\nx = 1{separator}[profile b]\n", path="config", kind="config")
    assert list(sections.profiles) == ["a"]
    assert sections.profiles["a"].properties["x"].value == f"1{separator}[profile b]"


def test_parsing_time_is_linear():
    """Ten thousand profiles: no step looks at the whole file again."""
    block = "[profile p{0}]\nregion = us-west-2\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = s\n"
    sections = parse("".join(block.format(n) for n in range(10_000)), path="config", kind="config")
    assert len(sections.profiles) == 10_000
