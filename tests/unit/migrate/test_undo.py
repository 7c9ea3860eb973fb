"""Records of a change: how many are kept, which are refused, and what undo does where files are no longer as it left them."""

from __future__ import annotations

import json
import os
from itertools import pairwise

import pytest

from tests.home import PASSPHRASE
from tests.vaults import soon
from vault import errors, limits
from vault.migrate import undo
from vault.profiles.edit import Hunk
from vault.secret import Secret
from vault.store import vault


@pytest.fixture
def bench(desk, tmp_path):
    return Bench(desk, tmp_path)


class Bench:
    """Changes of files beside the vault, each with its undo."""

    def __init__(self, desk, folder):
        self.context, self.folder = desk.context(), folder
        self.records = os.path.join(self.context.paths.state, "undo")

    def opened(self):
        return vault.open_with_passphrase(self.context.paths, Secret(PASSPHRASE), deadline=soon())

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def change(self, path, before, after, *, kind="config", opened=None):
        """Apply a change of a whole file."""
        old, new = (None if text is None else text.encode() for text in (before, after))
        hunk = Hunk(0, old or b"", new or b"", "")
        change = undo.Change(path=path, kind=kind, before=old, after=new, hunks=(hunk,))
        made = undo.SETUP if opened is None else undo.IMPORT
        undo.apply_changes(self.context, [change], kind=made, opened=opened)

    def look(self, kind=undo.SETUP):
        return undo.preview(self.context, kind=kind, open_vault=self.opened)

    def undo(self, kind=undo.SETUP):
        undo.undo(self.context, self.look(kind), kind=kind)

    def kept(self):
        return sorted(os.listdir(self.records))

    def spoil(self, raw):
        with open(os.path.join(self.records, self.kept()[-1]), "wb") as file:
            file.write(raw)


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_without_a_change_there_is_nothing_to_undo(bench):
    """A home that never saw a setup."""
    with pytest.raises(errors.NotFound, match="there is no setup to undo"):
        bench.undo()


def test_a_new_file_is_removed_again(bench):
    """There was no config before setup, and there is none after its undo."""
    path = str(bench.folder / "config")
    bench.change(path, None, "[default]\n")
    assert text(path) == "[default]\n"
    bench.undo()
    assert not os.path.exists(path)
    assert bench.kept() == []


def test_a_new_file_that_was_edited_since_is_kept(bench):
    """It has your lines now: nothing is removed, and the record stays."""
    path = str(bench.folder / "config")
    bench.change(path, None, "[default]\n")
    bench.file("config", "[default]\nregion = x\n")
    with pytest.raises(errors.Declined, match="was edited after the change"):
        bench.undo()
    assert text(path) == "[default]\nregion = x\n"
    assert len(bench.kept()) == 1


def test_a_removed_file_whose_name_is_taken_again_is_not_overwritten(bench):
    """There is a new CSV file in the place of the imported one."""
    path = bench.file("keys.csv", "old")
    bench.change(path, "old", None, kind="")
    bench.file("keys.csv", "another")
    with pytest.raises(errors.Declined, match="was edited after the change"):
        bench.undo()
    assert text(path) == "another"


def test_a_changed_file_that_is_gone_is_not_made_up(bench):
    """Only lines were recorded, so the file cannot be restored from them."""
    path = bench.file("config", "[a]\n")
    bench.change(path, "[a]\n", "[b]\n")
    os.unlink(path)
    with pytest.raises(errors.Declined, match="no longer exists") as caught:
        bench.undo()
    assert caught.value.hint == "put the file back, then run the command again"
    assert not os.path.exists(path)


def test_the_newest_records_are_kept(bench):
    """Each undo goes one change further back, as far as the records go; older ones are removed."""
    path = str(bench.folder / "config")
    texts = [f"[profile p{number}]\n" for number in range(limits.UNDO_KEPT + 3)]
    bench.file("config", texts[0])
    for before, after in pairwise(texts):
        bench.change(path, before, after)
    assert len(bench.kept()) == limits.UNDO_KEPT
    bench.undo()
    bench.undo()
    assert text(path) == texts[-3]
    assert len(bench.kept()) == limits.UNDO_KEPT - 2


def test_a_change_that_was_made_meanwhile_is_not_undone(bench):
    """Its record stays: only it can restore what that change removed from other files."""
    first, second = bench.file("config", "[a]\n"), bench.file("other", "[a]\n")
    bench.change(first, "[a]\n", "[b]\n")
    seen = bench.look()
    bench.change(second, "[a]\n", "[c]\n")
    with pytest.raises(errors.Declined, match="another setup ran in the meantime"):
        undo.undo(bench.context, seen, kind=undo.SETUP)
    assert (text(first), text(second), len(bench.kept())) == ("[b]\n", "[c]\n", 2)
    bench.undo()
    bench.undo()
    assert (text(first), text(second), bench.kept()) == ("[a]\n", "[a]\n", [])


def test_an_import_is_never_recorded_in_plaintext(bench):
    """Its lines hold keys: without the vault's key no record is written, and no file is changed."""
    path = bench.file("credentials", "[a]\n")
    change = undo.Change(path=path, kind="credentials", before=b"[a]\n", after=b"", hunks=())
    with pytest.raises(errors.Internal):
        undo.apply_changes(bench.context, [change], kind=undo.IMPORT, opened=None)
    assert (bench.kept(), text(path)) == ([], "[a]\n")


@pytest.mark.parametrize(
    "raw",
    [b"", b"garbage", b"awsvault undo 1 plain\n{", b"awsvault undo 1 plain\n[]", b'awsvault undo 1 plain\n{"files":1}',
     b'awsvault undo 1 plain\n{"files":[{"path":"x"}]}'],
)  # fmt: skip
def test_a_damaged_record_is_named(bench, raw):
    """The error says which file it is, and to remove it; the files that it was about stay."""
    path = bench.file("config", "[a]\n")
    bench.change(path, "[a]\n", "[b]\n")
    bench.spoil(raw)
    with pytest.raises(errors.Damaged, match=r"the record setup-000001\.undo is damaged") as raised:
        bench.undo()
    assert raised.value.hint == "remove it from the state folder"
    assert text(path) == "[b]\n"


def test_a_record_of_other_keys_says_why_it_does_not_open(bench, tmp_path):
    """After passwd or rekey the record no longer opens, like old copies of the vault; the hint says what to do."""
    path = bench.file("credentials", "[a]\n")
    bench.change(path, "[a]\n", "[b]\n", opened=bench.opened())
    assert undo.opens_import(bench.context, bench.opened())
    with open(os.path.join(bench.records, bench.kept()[0]), "rb") as file:
        raw = file.read()
    bench.spoil(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(
        errors.Declined,
        match="can no longer be undone: the passphrase or the vault's keys were changed since",
    ):
        bench.undo(undo.IMPORT)
    assert not undo.opens_import(bench.context, bench.opened())
    assert text(path) == "[b]\n"


def test_a_record_holds_only_what_was_changed(bench):
    """The path, the hashes before and after, and the changed lines: nothing else of the file is in the state folder."""
    path = bench.file("config", "[a]\nx = 1\n")
    hunk = Hunk(4, b"x = 1\n", b"y = 2\n", "a")
    change = undo.Change(
        path=path, kind="config", before=b"[a]\nx = 1\n", after=b"[a]\ny = 2\n", hunks=(hunk,)
    )
    undo.apply_changes(bench.context, [change], kind=undo.SETUP, opened=None)
    with open(os.path.join(bench.records, "setup-000001.undo"), "rb") as file:
        head, _, body = file.read().partition(b"\n")
    assert head == b"awsvault undo 1 plain"
    assert json.loads(body)["files"][0]["hunks"] == [[4, "eCA9IDEK", "eSA9IDIK", "a"]]
    bench.undo()
    assert text(path) == "[a]\nx = 1\n"


def test_each_kind_undoes_its_own(bench):
    """Neither setup, nor the profiles of another sign-in, whatever was changed last."""
    paths = [bench.file(name, "[a]\n") for name in ("one", "two", "three")]
    kinds = [undo.of_sign_in("corp"), undo.of_sign_in("other"), undo.SETUP]
    for path, kind in zip(paths, kinds, strict=True):
        change = undo.Change(
            path=path,
            kind="config",
            before=b"[a]\n",
            after=b"[b]\n",
            hunks=(Hunk(0, b"[a]\n", b"[b]\n", ""),),
        )
        undo.apply_changes(bench.context, [change], kind=kind, opened=None)
    for done, kind in enumerate(kinds, 1):
        bench.undo(kind)
        assert [text(path) for path in paths] == ["[a]\n"] * done + ["[b]\n"] * (3 - done)
        with pytest.raises(errors.NotFound, match=f"there is no {kind.name} to undo"):
            bench.undo(kind)


def test_the_name_of_a_sign_in_reaches_no_path(bench):
    """It may be a URL, or anything that a section can be called."""
    kind = undo.of_sign_in("../../\x1b[2J" + "x" * 300)
    path = bench.file("config", "[a]\n")
    change = undo.Change(
        path=path, kind="config", before=b"[a]\n", after=b"[b]\n", hunks=(Hunk(0, b"[a]\n", b"[b]\n", ""),)
    )
    undo.apply_changes(bench.context, [change], kind=kind, opened=None)
    assert bench.kept() == [f"{kind.records}-000001.undo"]
    assert "\x1b" not in kind.name
