"""What programs really send that handle AWS credentials in their own ways; the how-to's table says the same."""

from __future__ import annotations

import json
import os
import re

import pytest

from tests.clients.others import matrix
from tests.fakes.remote import ROOT

PAGE = os.path.join(ROOT, "docs", "how-to", "other-tools.md")
HERE = os.path.join(ROOT, "tests", "clients")
WORDS = {"yes": "the profile's session", "no": "nothing", "unsigned": "unsigned"}


def table():
    """The page's rows: program -> (version, what it sends by each way)."""
    with open(PAGE, encoding="utf-8") as page:
        rows = [
            [cell.strip() for cell in line.strip("| \n").split("|")] for line in page if line.startswith("| ")
        ]
    return {
        name: (version, dict(zip(matrix.WAYS, ways, strict=True))) for name, version, *ways, _ in rows[1:]
    }


def meant(cell):
    """The outcome that a cell of the table stands for."""
    answer, _, metadata = cell.partition(", ")
    return WORDS[answer] + (" and asks the metadata service" if metadata else "")


def test_the_page_has_every_program():
    """A program that is tried is in the table, and one in the table is tried."""
    assert set(table()) == set(matrix.PROGRAMS)


@pytest.mark.parametrize("program", sorted(matrix.PROGRAMS))
def test_the_version_of_the_page_is_the_one_tried(program):
    """The pinned version of what comes from PyPI, npm and Go's modules; Debian's are Debian's."""
    version, name = table()[program][0], program.partition(",")[0]
    if name in ("rclone", "restic", "s3cmd", "Ruby SDK"):
        assert re.fullmatch(r"\d+(\.\d+)+", version)
        return
    with open(os.path.join(HERE, "others", "python", "requirements.txt"), encoding="utf-8") as file:
        pinned = dict(re.findall(r"^([\w-]+)==([^ ;\\]+)", file.read(), re.MULTILINE))
    with open(os.path.join(HERE, "others", "javascript", "package.json"), encoding="utf-8") as file:
        pinned |= json.load(file)["dependencies"]
    with open(os.path.join(HERE, "go_v1", "go.mod"), encoding="utf-8") as file:
        pinned["Go SDK v1"] = re.search(r"aws-sdk-go v(\S+)", file.read())[1]
    package = {"boto 2": "boto", "SAM CLI": "aws-sam-cli", "CDK": "aws-cdk", "serverless 3": "serverless",
               "JavaScript SDK v2": "aws-sdk"}.get(name, name)  # fmt: skip
    assert version == pinned[package]


@pytest.mark.timeout(1800)
def test_every_program_sends_what_the_page_says():
    """Whose keys each program signs with by credential_process, exec and exec --server, and who asks for an instance's role."""
    expected = {name: {way: meant(cell) for way, cell in ways.items()} for name, (_, ways) in table().items()}
    assert matrix.isolated(sorted(matrix.PROGRAMS)) == expected
