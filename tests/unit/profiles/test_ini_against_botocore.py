"""If botocore reads a file differently, there is a note for doctor, or the file is refused."""

import json

import pytest

from tests.data import path_of
from tests.properties.graphs import session_of, write
from tests.unit.profiles.files import config_of
from vault import errors
from vault.profiles.ini import is_name, subproperties

with open(path_of("smithy-rs/profile-parser-tests.json"), encoding="utf-8") as found:
    SHARED = [
        (case["input"].get("configFile", ""), case["input"].get("credentialsFile", ""))
        for case in json.load(found)["tests"]
    ]
OTHERS = [
    ("[DEFAULT]\nregion = x\n[profile a]\n", ""),
    ("[profile a]\n", "[DEFAULT]\nregion = x\n[a]\n"),
    ("[ default ]\nregion = x\n", ""),
    ("[profile a ]\nregion = x\n", ""),
    ("", "[ a]\nregion = x\n"),
    ("", "[a ]\nregion = x\n"),
    ("\ufeff[profile a]\nregion = x\n", ""),
    ("[profile 'my dev']\nregion = x\n", "[my dev]\nk = v\n"),
    ("[profile a]\nREGION = x\n", ""),
    ("[profile a]\nregion=x\n[profile default]\nk = 1\n[default]\nk = 2\n", ""),
    ("[profile a]\nservices = s\n[services s]\nsts =\n  endpoint_url = u\n", ""),
    (
        "[profile a]\n  region = x\n  k = v\n[profile b]\n  k = w\n",
        "  [a]\n  j = 1\n\n  [b]\n    j = 2\n   i = 3\n",
    ),
    ("  [profile a]\r\n\r\n  region = x\r\n\r\n  [profile b]\r\n  k = w\r\n", ""),
    ("[profile a]\n\tregion = x\n  k = v\n", ""),
    ("  [profile a]\nregion = x\n  [profile b]\nk = v\n", ""),
    ("[profile a]\n  s3 =\n    k = v\n  region = x\n    y\n  # c\n\n  k = v\n", ""),
    ("[sso-session s]\nsso_region = r\n[profile a]\nsso_session = s\n", ""),
]


def theirs(folder, texts):
    """botocore's profiles by name and key, or None if it cannot read the files."""
    try:
        return session_of(*write(folder, texts)).full_config["profiles"]
    except Exception:
        return None


def read_here(texts):
    """The same as awsvault-py reads it, with an indented block as a dict; and the notes."""
    config = config_of(*texts)
    found = {}
    for name in config.profiles:
        profile = config.profile(name)
        keys = found[name] = {}
        for section in (profile.config, profile.credentials):
            for key, held in section.properties.items() if section is not None else ():
                block = {k: sub.value for k, sub in subproperties(held).items()}
                keys[key] = block or held.value
    return found, config.notes


@pytest.mark.parametrize("texts", [*SHARED, *OTHERS], ids=lambda texts: repr("".join(texts))[:50])
def test_every_difference_is_noted(texts, tmp_path):
    """The shared cases and others: the same profiles and values, or a note, or a refusal with its line."""
    try:
        found, notes = read_here(texts)
    except errors.ConfigError as error:
        assert error.message.partition(":")[0] in ("config", "credentials")
        return
    assert notes or found == theirs(tmp_path, texts)


def test_the_comparison_can_fail(tmp_path):
    """Among the cases there are files that both read alike, and files that they do not."""
    alike = [texts for texts in SHARED if theirs(tmp_path, texts) is not None]
    assert len(alike) > 30
    assert theirs(tmp_path, ("[profile a]\nx = 1 # c\n", "")) == {"a": {"x": "1 # c"}}


ODD = "".join(chr(code) for code in range(0x20, 0x7F)) + "\u00fc\u20ac\u4e2d\u00a0\u202e\u2028\U0001f511"


@pytest.mark.parametrize(
    "form", ["[profile a{}b]", '[profile "a{}b"]', "[profile 'a{}']", "[profile {}b]", "[a{}b]"]
)
@pytest.mark.parametrize("kind", ["config", "credentials"])
def test_every_name_that_boto3_accepts_is_a_profile(form, kind, tmp_path):
    """Any character in any form of header: a profile for boto3 is one for us, and nothing else is."""
    compared = 0
    for character in ODD:
        text = form.format(character) + "\nregion = x\n"
        texts = (text, "") if kind == "config" else ("", text)
        his = theirs(tmp_path, texts)
        try:
            mine, notes = read_here(texts)
        except errors.ConfigError:
            assert his is None or character in "]#;", (text, his)
            continue
        if his is not None and character not in "#;":
            his = {name.strip() if form[1] != "p" else name: keys for name, keys in his.items()}
            assert his == mine, text
            compared += 1
        if mine and not all(is_name(name) for name in mine):
            assert notes, text
    assert compared > len(ODD) - 6
