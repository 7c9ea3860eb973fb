"""What the journal of a rotation says, and how it starts. Pure.

A journal is written before each call that changes something at AWS. Its steps (docs/format.md 5):

``create``
    a key may have been created;
``prove``
    the new pair is stored and is being verified;
``retire``, ``drop``
    the new key has taken over; the old one is to be deactivated, or deleted;
``grace``
    the old key is deactivated and kept;
``undo``
    the old key is to take over again.
"""

from __future__ import annotations

from vault import errors, limits
from vault.frozen import replace
from vault.store.payload import RotationJournal
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.aws.iam import AccessKey

_TRIES = 8  # earlier tries that a journal keeps


def start(
    before: RotationJournal | None, *, now: int, keys: Sequence[AccessKey], host: str | None
) -> RotationJournal:
    """The journal before CreateAccessKey. ``before`` is the journal of an earlier try; ``keys`` are the user's keys at AWS."""
    return RotationJournal(
        step="create",
        began=now,
        known=before.known if before is not None else tuple(key.id for key in keys),
        earlier=(*before.earlier, before.began)[-_TRIES:] if before is not None else (),
        at=host,
    )


def check_host(journal: RotationJournal, host: str | None) -> None:
    """Untrusted if the rotation began with IAM at another host than ``host`` (None: AWS's own).

    If this host does not know a key, the key may still exist at the other one.
    """
    if journal.at == host:
        return
    now, then = (safe(each) if each is not None else "AWS's own host" for each in (host, journal.at))
    raise errors.Untrusted(
        f"the rotation began with IAM at {then}, and IAM is now at {now}",
        hint="set AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_IAM or the profile's endpoint_url back, then run the command again",
    )


def grace_ends(journal: RotationJournal) -> int:
    """When the old key may be deleted, in Unix seconds."""
    return journal.began + limits.GRACE


def was_created_by(key: AccessKey, journal: RotationJournal) -> bool:
    """Whether CreateAccessKey of ``journal`` created ``key``: not in its list, created in its window, and never used.

    Only awsvault-py could have used it, and never got its secret. If AWS does not tell the last use, that is not
    "never".
    """
    # A key that an earlier try created may appear in IAM's list only now.
    in_window = any(
        began - limits.CREATION_BEFORE <= key.created <= began + limits.CREATION_WINDOW
        for began in (journal.began, *journal.earlier)
    )
    return key.id not in journal.known and in_window and key.asked and key.used is None


def without_last_try(journal: RotationJournal) -> RotationJournal | None:
    """The journal without its last try, which AWS refused. A key created in that try's window is someone else's."""
    if not journal.earlier:
        return None
    return replace(journal, began=journal.earlier[-1], earlier=journal.earlier[:-1])
