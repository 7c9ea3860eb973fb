"""The laws of a merge of sync states, for any three of them."""

from vault.sync import versions


def check_laws(a, b, c):
    """A merge is commutative, associative and idempotent, and nothing is missing after it."""
    both = versions.merge(a, b)
    assert both == versions.merge(b, a)
    assert versions.merge(both, c) == versions.merge(a, versions.merge(b, c))
    assert versions.merge(a, a) == a
    assert versions.merge(both, a) == both
    assert not versions.missing(a.lasts(), both)
