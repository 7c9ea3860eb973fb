"""What a sync of a large vault costs: requests, and boxes that are opened. Times are in the bench."""

from __future__ import annotations

import dataclasses

import pytest

from tests.machines import Computer
from tests.vaults import entry
from vault.store import boxes

SIZES = [300, pytest.param(10_000, marks=pytest.mark.long)]


@pytest.fixture
def opened(monkeypatch):
    """The main boxes that were opened."""
    found, unseal = [], boxes.unseal

    def counted(*given, **how):
        found.append(how["label"])
        return unseal(*given, **how)

    monkeypatch.setattr(boxes, "unseal", counted)
    return found


@pytest.fixture
def many(bucket, tmp_path):
    """``many(count)``: a machine with so many entries, and one that was made from the bucket; both have synced."""

    def made(count):
        entries = {f"n{number:05}": entry(f"AKIAI44QH8DHB{number:07}") for number in range(count)}
        laptop, desktop = (Computer(tmp_path, name, bucket) for name in ("laptop", "desktop"))
        laptop.begin(dev=entry())
        laptop.edit(lambda payload: dataclasses.replace(payload, entries={**payload.entries, **entries}))
        laptop.sync()
        desktop.join()
        laptop.sync()
        assert len(desktop.held()) == count + 1
        return laptop, desktop

    return made


@pytest.mark.parametrize("count", SIZES)
def test_sync_of_many_entries(many, bucket, opened, count):
    """Nothing to do: one request, and no box. An edit: one PUT; the vault is opened, and what was written is opened again."""
    laptop, desktop = many(count)
    for one in (laptop, desktop):
        bucket.requests.clear()
        opened.clear()
        assert one.sync().nothing
        assert (bucket.requests, opened) == (["GET"], [])
    laptop.store("n00007", "AKIAI55QH8DHBEXAMPLE")
    bucket.requests.clear()
    opened.clear()
    assert [one.name for one in laptop.sync().went] == ["n00007"]
    assert bucket.requests == ["PUT"]
    assert opened == ["main"] * 2
    bucket.requests.clear()
    opened.clear()
    assert [one.name for one in desktop.sync().came] == ["n00007"]
    assert bucket.requests == ["GET", "PUT"]
    assert opened == ["main"] * 3  # the bucket's file too
    assert desktop.held() == laptop.held()


def test_a_vault_that_another_process_wrote_is_opened_again(many, opened):
    """So that no edit is lost that came after the sync had opened the vault."""
    laptop, _ = many(3)
    before = laptop.opened()
    laptop.store("other")
    laptop.store("mine")
    laptop.opened, real = (lambda: before), laptop.opened
    assert {one.name for one in laptop.sync().went} == {"other", "mine"}
    laptop.opened = real
    assert "other" in laptop.held()
