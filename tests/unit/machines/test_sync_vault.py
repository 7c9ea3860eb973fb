"""Edits of two machines meet: what comes, what goes, what waits for an answer, and what a sync costs."""

from __future__ import annotations

import pytest

from tests.fakes.s3 import URL
from tests.home import failed


@pytest.fixture
def both(laptop, desktop):
    """Two machines that have the same, and their last sync behind them."""
    laptop.remote()
    desktop.join()
    laptop.sync()
    desktop.sync()
    return laptop, desktop


def test_edits_meet(both):
    """Of both machines, and a removal."""
    laptop, desktop = both
    laptop.add("prod", 1)
    desktop.add("test", 2)
    desktop.ok("remove", "dev", "--yes")
    assert {one["name"] for one in laptop.sync()["went"]} == {"prod"}
    done = desktop.sync()
    assert {one["name"] for one in done["came"]} == {"prod"}
    assert {one["name"] for one in done["went"]} == {"test", "dev"}
    laptop.sync()
    assert laptop.entries() == desktop.entries()
    assert set(laptop.entries()) == {"prod", "test"}


def test_nothing_to_do_is_one_request(both, s3):
    laptop, _ = both
    laptop.sync()
    s3.requests.clear()
    assert laptop.sync()["came"] == []
    assert [method for method, _ in s3.requests] == ["GET"]


def test_edit_is_one_write(both, s3):
    laptop, _ = both
    laptop.sync()
    laptop.add("prod", 1)
    s3.requests.clear()
    laptop.sync()
    assert [method for method, _ in s3.requests] == ["PUT"]


def test_dry_run_changes_nothing(both, s3):
    laptop, desktop = both
    laptop.add("prod", 1)
    laptop.sync()
    before = dict(s3.objects)
    assert [one["name"] for one in desktop.sync("--dry-run")["came"]] == ["prod"]
    assert s3.objects == before
    assert "prod" not in desktop.entries()


def test_conflict_is_shown_and_answered(both):
    """Both versions side by side without a secret, exit code 1; the answer reaches the other machine."""
    laptop, desktop = both
    laptop.add("dev", 1, "--replace")
    desktop.add("dev", 2, "--replace")
    laptop.sync()
    found = desktop.sync(code=1)["waiting"]
    assert {each["access_key_id"] for each in found[0]["versions"]} == {
        "AKIAI44QH8DHBEXAMP01",
        "AKIAI44QH8DHBEXAMP02",
    }
    shown = desktop.ok("sync", code=1)
    assert (
        "AKIAI44QH8DHBEXAMP01\tAKIAI44QH8DHBEXAMP02" in shown.stdout
        or "AKIAI44QH8DHBEXAMP02\tAKIAI44QH8DHBEXAMP01" in shown.stdout
    )
    wanted = next(each for each in found[0]["versions"] if each["access_key_id"].endswith("01"))
    assert f"sync --choose dev={wanted['machine']}" in shown.stderr
    desktop.ok("sync", "--choose", f"dev={wanted['machine']}")
    laptop.sync()
    assert laptop.entries() == desktop.entries() == {"dev": "AKIAI44QH8DHBEXAMP01"}


def test_removed_version_is_chosen(both):
    laptop, desktop = both
    laptop.ok("remove", "dev", "--yes")
    desktop.add("dev", 2, "--replace")
    laptop.sync()
    desktop.sync(code=1)
    desktop.ok("sync", "--choose", "dev=removed")
    laptop.sync()
    assert laptop.entries() == desktop.entries() == {}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--choose", "dev"), 2, "not NAME=MACHINE"),
        (("--choose", "dev=a", "--choose", "dev=b"), 2, "second answer"),
        (("--choose", "dev=laptop"), 5, "nothing waits"),
    ],
)
def test_answer_to_no_question(both, words, code, said):
    failed(both[0].run("sync", *words), code, said)


def test_replayed_bucket_is_told(both, s3):
    """An older version lacks edits that this machine has seen (9); --accept puts them back."""
    laptop, desktop = both
    old = s3.vault
    laptop.add("prod", 1)
    laptop.sync()
    desktop.sync()
    s3.serve(old)
    failed(desktop.run("sync"), 9, "lacks edits", "sync --accept")
    assert "prod" in desktop.entries()
    desktop.sync("--accept")
    laptop.sync()
    assert "prod" in laptop.entries()


@pytest.mark.parametrize("content", [b"", b"x" * 5000])
def test_object_that_is_no_vault(both, s3, content):
    s3.serve(content)
    failed(both[0].run("sync"), 9, URL)


def test_profile_of_the_vault_signs(both, s3):
    """Without credentials in the environment, and without a profile, the hint names how."""
    laptop, _ = both
    without = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    s3.requests.clear()
    failed(laptop.run("sync", **without), 6, "no credentials for s3://", "AWS_ACCESS_KEY_ID")
    assert s3.requests == []


def test_sync_in_words(both):
    """On stderr what was done, on stdout the items."""
    laptop, desktop = both
    assert "Nothing to do" in laptop.ok("sync").stderr
    laptop.add("prod", 1)
    done = laptop.ok("sync")
    assert done.stdout == "+ key prod  (from this machine)\n"
    assert "0 came, 1 went" in done.stderr
    assert "+ key prod  (" in desktop.ok("sync").stdout
