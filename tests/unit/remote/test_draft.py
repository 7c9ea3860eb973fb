"""What one step writes: nothing that did not change, and automatic backups for what users could want back."""

from __future__ import annotations

from vault.store import restore


def test_what_only_machines_say_of_themselves_costs_no_backup(laptop, desktop):
    """A vault whose content did not change leaves the copies from before it alone."""
    before = [found.header.gen for _, found in restore.automatic(laptop.paths)]
    desktop.change_local(name="my desktop")
    desktop.store("prod")
    desktop.remove("prod")
    desktop.store("prod", "AKIAI44QH8DHBEXAMPLE")
    desktop.sync()
    laptop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    desktop.sync()
    gens = [found.header.gen for _, found in restore.automatic(laptop.paths)]
    laptop.sync()
    assert gens != before  # prod came, and dev was edited
    assert [found.header.gen for _, found in restore.automatic(laptop.paths)] == gens


def test_the_bucket_has_what_the_vault_has(laptop, desktop, bucket):
    """And its generation grows by one with each put."""
    gens = []
    for number in range(3):
        laptop.store(f"n{number}")
        gens.append(laptop.sync().gen)
    assert gens == [gens[0], gens[0] + 1, gens[0] + 2]
    desktop.sync()
    assert desktop.held() == laptop.held()
