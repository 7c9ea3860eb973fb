"""docs/glossary.md's table of words that are not written, against the texts: one word per thing, and plain English."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GLOSSARY = "docs/glossary.md"

# Files and folders whose words are checked.
CHECKED = ("*.md", "docs", "scripts", "tests", "vault", ".github")
# Files that have such words on purpose.
EXCLUDED = ("tests/unit/test_vocabulary.py",)
SUFFIXES = (".md", ".py", "")  # and no suffix: scripts


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def banned():
    """The words of the glossary's last table, each as a pattern that a line end does not hide."""
    table = text_of(GLOSSARY).partition("| Do not write | Write |\n")[2]
    words = [
        word.strip()
        for line in table.splitlines()[1:]
        if line.startswith("|")
        for word in line.split("|")[1].split(",")
    ]
    return {word: re.compile(r"(?<![\w-])" + r"\s+".join(map(re.escape, word.split())) + r"(?![\w-])", re.IGNORECASE) for word in words}  # fmt: skip


def prose(text):
    """A text without the program's help, which a page quotes as it is."""
    return re.sub(r"```\nUsage: .*?\n```", "", text, flags=re.DOTALL)


def faults(text):
    """Each banned word of ``text`` with its line."""
    text = prose(text)
    return [
        f"line {text.count(chr(10), 0, found.start()) + 1}: {word!r}"
        for word, pattern in banned().items()
        for found in pattern.finditer(text)
    ]


def files():
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
            *(f":(glob){name}" if "*" in name else name for name in CHECKED),
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [
        name
        for name in listed.split("\0")
        if name
        and name != GLOSSARY
        and not name.startswith(EXCLUDED)
        and os.path.splitext(name)[1] in SUFFIXES
        and os.path.isfile(os.path.join(ROOT, name))
    ]


@pytest.mark.parametrize("name", files())
def test_no_text_has_a_word_that_is_not_written(name):
    """The word to write instead is beside it in the glossary."""
    assert faults(text_of(name)) == []


@pytest.mark.parametrize(
    "text", ["It is read anew.", "keys in\nclear", "Whoever reads", "a file OF OURS", "asks a person."]
)
def test_a_word_that_is_not_written_is_found(text):
    """Over the end of a line too, in any case."""
    assert len(faults(text)) >= 1


def test_a_part_of_another_word_is_not_found():
    """`anew` in an identifier with more letters, `renew` in the name of a file."""
    assert faults("canewood, test_server_refreshes.py, someone's, a personal key, someone-else's") == []


def test_each_term_is_in_the_glossary_once():
    """And none of its terms is a word that is not written."""
    pages = text_of(GLOSSARY).partition("## The rule")[0]
    terms = [
        term.strip()
        for line in re.findall(r"^\| (.*?) \|", pages, re.MULTILINE)
        for term in line.split(",")
        if term.strip() not in ("Term", "")
    ]
    assert len(terms) > 50
    assert sorted(set(terms)) == sorted(terms)
    assert faults("\n".join(terms)) == []
