"""What a company looks at first: license, notice, changelog, how to report, and the metadata of the package."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib

from trove_classifiers import classifiers

from vault import __version__

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"  # of apache.org's LICENSE-2.0.txt
GROUPS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def text_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def project():
    return tomllib.loads(text_of("pyproject.toml"))["project"]


def test_the_license_is_apaches_word_for_word():
    """Neither shortened nor filled in."""
    assert hashlib.sha256(text_of("LICENSE").encode()).hexdigest() == APACHE
    assert project()["license"] == "Apache-2.0"
    assert set(project()["license-files"]) == {"LICENSE", "NOTICE"}


def test_the_notice_names_every_project_whose_data_is_here():
    """Each folder of tests/data that others wrote, with its project and a copyright line."""
    notice, folders = text_of("NOTICE"), set()
    for row in re.findall(r"^\| (.*?) \|", text_of("tests/data/README.md"), re.MULTILINE)[1:]:
        folders.add(row.partition("/")[0].strip("-"))
    folders.discard("")
    there = {
        name for name in os.listdir(os.path.join(ROOT, "tests/data"))
        if os.path.isdir(os.path.join(ROOT, "tests/data", name)) and name != "__pycache__"
    }  # fmt: skip
    assert there - folders == {"vault"}  # the project's own
    for folder in folders:
        assert re.search(
            rf"^tests/data/{folder}: \S+/{folder}\n(  .*\n)*?  Copyright .*", notice, re.MULTILINE
        ), folder


def test_the_metadata_is_whole():
    """Authors, keywords, classifiers that exist, every Python that CI tries, and addresses in one repository."""
    said = project()
    assert said["authors"] == [{"name": "awsvault-py contributors"}]
    assert not set(said["classifiers"]) - classifiers
    assert not [name for name in said["classifiers"] if name.startswith("License")]  # PEP 639
    pythons = {name.rpartition(" ")[2] for name in said["classifiers"] if re.search(r":: 3\.\d+$", name)}
    assert pythons == {"3.11", "3.12", "3.13", "3.14"}
    source = said["urls"]["Source"]
    assert all(address.startswith(source) for address in said["urls"].values())
    for page in ("CHANGELOG.md", "SECURITY.md"):
        assert source in text_of(page)
    assert len(said["keywords"]) > 3


def test_the_changelog_has_this_version_in_its_form():
    """Unreleased first, then this version with its date; groups of the form; one line a change; an address for each."""
    text = text_of("CHANGELOG.md")
    versions = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", text, re.MULTILINE)
    assert versions[0] == ("Unreleased", "")
    assert versions[1][0] == __version__
    assert all(date for _, date in versions[1:])
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= GROUPS
    for name, _ in versions:
        assert re.search(rf"^\[{re.escape(name)}\]: https://", text, re.MULTILINE)
    body = text[text.index("\n### ") :]
    for line in body.splitlines():
        assert not line or line.startswith(("#", "[")) or re.fullmatch(r"- \S.*\.", line) or line == "The first release.", line  # fmt: skip


def test_security_fixes_are_promised_for_this_version():
    """The table's first row is the minor version of today."""
    minor = ".".join(__version__.split(".")[:2])
    assert f"\n| {minor}.x | yes |\n" in text_of("SECURITY.md")


def test_the_version_is_in_one_place():
    """No other tracked text of the project repeats it, so that a release changes one line."""
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)
    assert project()["dynamic"] == ["version"]
    assert f'"{__version__}"' not in text_of("pyproject.toml")
