"""The pictures of the README: what they show, that every viewer shows it in its place, and how a recording is drawn."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from glob import glob
from xml.etree import ElementTree as ET

import pytest
from rich.text import Text

from scripts.pictures.drawing import ADVANCE, LEADING, Word, lines_of, said, still
from scripts.pictures.first_run import Shown
from scripts.pictures.recording import Reel, animated
from tests.fakes.example import SECRET, SEED
from tests.home import PASSPHRASE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PICTURES = sorted(glob(os.path.join(ROOT, "docs", "pictures", "*.svg")))
RECORDING = os.path.join(ROOT, "docs", "pictures", "first-run.svg")
SVG = "{http://www.w3.org/2000/svg}"
LONGEST = 45  # seconds of a recording


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


@pytest.mark.usefixtures("unmeasured")
def test_they_show_what_is_seen_today():
    """Each is taken again from a real run, and has the same words; times and IDs may differ."""
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "take-pictures"), "--check"],
        capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", PICTURES, ids=os.path.basename)
def test_each_stands_alone(path):
    """It is well-formed and in the README, runs nothing, downloads nothing, and shows nothing of the machine that took it."""
    svg = text_of(path)
    ET.fromstring(svg)
    assert f"pictures/{os.path.basename(path)}" in text_of("README.md")
    assert not re.search(r"<script|@import|@font-face|href|url\((?!#)| on\w+=", svg)
    words = said(svg)
    assert not re.search(r"/(root|tmp|work|var|Users|private)\b|/home/(?!you/)|127\.0\.0\.1|localhost", words)
    assert not [hidden for hidden in (SECRET, SEED, PASSPHRASE) if hidden in words]
    keys = re.findall(r"\bA[KSR][IO]A[A-Z0-9]{12,}", words)
    assert all(key.endswith("EXAMPLE") for key in keys), keys


@pytest.mark.parametrize("path", PICTURES, ids=os.path.basename)
def test_each_word_is_in_its_column(path):
    """By x and y of its own and without blanks, which librsvg drops at the start of a text."""
    found = ET.fromstring(text_of(path)).iter(f"{SVG}text")
    words = [("".join(each.itertext()), float(each.attrib["x"]), float(each.attrib["y"])) for each in found]
    assert len(words) > 10
    for text, x, y in words:
        assert text
        assert not re.search(r"\s", text), text
        assert x / ADVANCE == pytest.approx(round(x / ADVANCE), abs=0.001), text
        assert (y - 20) / LEADING == pytest.approx(round((y - 20) / LEADING), abs=0.001), text


def test_the_recording_has_the_commands_of_the_readme():
    """From a key to the credentials of a role: the first line of "only a key", and the first of "then"."""
    readme, words = text_of("README.md"), said(text_of(RECORDING))
    for heading in ("I have only a key", "Then"):
        section = readme.partition(f"\n## {heading}\n")[2]
        (command,) = re.findall(r"```sh\n(.*?)(?: +#.*)?\n", section)[:1]
        assert f"$ {command} " in words
    assert '"Arn": "arn:aws:sts::222222222222:assumed-role/DeveloperRole/you@laptop"' in words


def test_the_recording_is_short_and_may_stand_still():
    """Under 45 s. Without its animation it shows the last screen, with the prompt on the last line."""
    svg = text_of(RECORDING)
    (seconds,) = re.findall(r"animation:([\d.]+)s step-end infinite", svg)
    assert float(seconds) <= LONGEST
    assert "@media (prefers-reduced-motion:reduce){.a,.s,.c{animation:none}}" in svg
    drawn = svg.partition("</style>")[2]
    assert "visibility" not in drawn
    (down,) = re.findall(r'<g class="s" transform="translate\(0 -([\d.]+)\)"', drawn)
    tall = float(re.findall(r'<clipPath id="screen"><rect width="[\d.]+" height="([\d.]+)"', drawn)[0])
    last = max(float(y) for y in re.findall(r' y="([\d.]+)"', drawn)) - float(down)
    assert tall - LEADING < last < tall


def test_blanks_are_columns():
    """Of an indented line, and between styles; a long line goes on in the next."""
    text = Text("  ab  ")
    text.append("c d", style="bold")
    (line,) = lines_of(text, 20)
    assert [(word.column, word.text, bool(word.style.bold)) for word in line] == [
        (2, "ab", False),
        (6, "c", True),
        (8, "d", True),
    ]
    assert [[word.text for word in each] for each in lines_of(Text("abc def"), 5)] == [["abc", "d"], ["ef"]]


def test_a_background_is_drawn_behind_its_words():
    """As wide as its blanks too."""
    (line,) = lines_of(Text.from_ansi("a \x1b[41m b \x1b[0m"), 20)
    assert [type(each).__name__ for each in line] == ["Word", "Backdrop", "Word"]
    assert (line[1].column, line[1].columns) == (2, 3)
    svg = still([line], columns=20, title="<a&b>")
    (behind,) = [
        each for each in ET.fromstring(svg).iter(f"{SVG}rect") if each.get("height") == f"{LEADING:g}"
    ]
    assert (behind.get("x"), behind.get("width")) == (f"{2 * ADVANCE:g}", f"{3 * ADVANCE:g}")
    assert said(svg).endswith("a b")


def test_what_is_typed_comes_letter_by_letter():
    """Each later than the one before; pasted text comes at once, and no letter of either is lost."""
    reel = Reel(
        [Shown("$ "), Shown("a&b", by_user=True, typed=True), Shown("\n? "), Shown("xyz", by_user=True)],
        columns=40,
    )
    typed, pasted = reel.parts[1], reel.parts[-1]
    assert list(typed.typed) == sorted(set(typed.typed))
    assert (len(typed.typed), pasted.typed) == (3, ())
    assert pasted.at > typed.typed[-1]
    svg = animated(reel, columns=40, rows=5, title="t")
    ET.fromstring(svg)
    assert said(svg).endswith("$ a&b ? xyz")


def test_the_screen_scrolls_to_the_last_line():
    """As a terminal of so many rows does; a line that is too wide takes two."""
    reel = Reel([Shown("1\n2\n3\n"), Shown("abcdef", by_user=True)], columns=4)
    assert reel.rows == 5
    assert f"translate(0 {-3 * LEADING:g})" in animated(reel, columns=4, rows=2, title="t")


def test_a_recording_of_a_cursor_that_moves_is_refused():
    """It would be drawn wrong."""
    for shown in ("\x1b[2A", "a\rb"):
        with pytest.raises(ValueError, match="text and line ends only"):
            Reel([Shown(shown)], columns=4)


def test_a_word_has_the_style_of_its_characters():
    """Color and weight come from the terminal's codes."""
    ((word,),) = lines_of(Text.from_ansi("\x1b[1;31mx\x1b[0m"), 9)
    assert isinstance(word, Word)
    assert word.style.bold
    assert word.style.color is not None
