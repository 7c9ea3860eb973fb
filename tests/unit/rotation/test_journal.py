"""What a rotation's journal says: which key it created, what is left of it after a refusal, and at which host it began."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vault import errors, limits
from vault.aws.iam import AccessKey, Use
from vault.rotation import journal as journals
from vault.store.vault import RotationJournal

OWN = "AKIAIOSFODNN7EXAMPLE"
NOW = 1_700_000_000


@pytest.mark.parametrize(
    ("issued", "used", "asked", "created"),
    [
        (NOW, None, True, True),
        (NOW - limits.CREATION_BEFORE - 1, None, True, False),
        (NOW + limits.CREATION_WINDOW + 1, None, True, False),
        (NOW, Use(NOW, "s3", "x"), True, False),
        (NOW, None, False, False),
    ],
)
def test_a_lost_key_is_recognized_by_list_window_and_no_use(issued, used, asked, created):
    """All three must hold; a last use that AWS does not tell is not "never"."""
    key = AccessKey("AKIASTRANGER", active=True, created=issued, used=used, asked=asked)
    journal = RotationJournal(step="create", began=NOW, known=(OWN,))
    assert journals.was_created_by(key, journal) is created
    assert not journals.was_created_by(key, replace(journal, known=(OWN, key.id)))
    later = replace(journal, began=NOW + 9_999, earlier=(NOW,))
    assert journals.was_created_by(key, later) is created


def test_a_journal_without_its_last_try_is_the_one_before():
    """Each refused try is withdrawn by itself; the rest of the journal stays."""
    journal = RotationJournal(
        step="create", began=30, known=(OWN,), earlier=(10, 20), unknown={"later": "kept"}
    )
    second = journals.without_last_try(journal)
    assert second == replace(journal, began=20, earlier=(10,))
    first = journals.without_last_try(second)
    assert first == replace(journal, began=10, earlier=())
    assert journals.without_last_try(first) is None


def test_a_new_try_keeps_the_list_of_the_first_and_when_the_earlier_ones_began():
    """A key that an earlier try created is in no later list of known keys, and only the last tries are kept."""
    first = journals.start(None, now=10, keys=[AccessKey(OWN, active=True, created=1)], host=None)
    assert (first.step, first.began, first.known, first.earlier) == ("create", 10, (OWN,), ())
    journal = first
    for now in range(11, 31):
        journal = journals.start(journal, now=now, keys=[], host="iam.example.com")
    assert (journal.began, journal.known) == (30, (OWN,))
    assert journal.earlier == tuple(range(22, 30))
    assert journal.at == "iam.example.com"


@pytest.mark.parametrize(("began", "now"), [(None, "iam.example.com"), ("iam.example.com", None), ("a", "b")])
def test_a_rotation_goes_on_only_at_the_host_where_it_began(began, now):
    """A key that one host does not know may exist at the other; both are named."""
    journal = RotationJournal(step="create", began=NOW, at=began)
    journals.check_host(journal, began)
    with pytest.raises(errors.Untrusted) as caught:
        journals.check_host(journal, now)
    for host in (began, now):
        assert (host or "AWS's own host") in caught.value.message
