"""A rotation of a vault that several machines share: no machine is locked out, whatever fails or is killed."""

from __future__ import annotations

import pytest

from tests.fakes.bucket import Died, unreachable
from tests.fakes.example import KEY_ID
from tests.unit.benches import NAME
from tests.unit.rotation.sharers import DAY, between_steps, machines
from vault import errors, limits
from vault.rotation.state_machine import RotatedElsewhere
from vault.rotation.steps import RotationRequest

EIGHT = ("laptop", "desktop", "build", "tablet", "server", "spare", "office", "travel")
FINISH, UNDO = RotationRequest(finish=True), RotationRequest(undo=True)


@pytest.fixture
def two(tmp_path, aws):
    return machines(tmp_path, aws, "laptop", "desktop")


def all_work(those):
    """AWS takes the key that each machine has."""
    assert all(one.works() for one in those)


def test_the_old_key_is_retired_when_the_other_machine_has_the_new_one(two):
    """Active until then, and both work all the time."""
    laptop, desktop = two
    done = laptop.rotate()
    assert (done.replaced, done.waiting, done.kept) == (KEY_ID, ("desktop",), KEY_ID)
    assert done.until == laptop.entry.journal.began + limits.MACHINES_GRACE
    assert laptop.keys_at_aws() == {KEY_ID: "Active", done.key_id: "Active"}
    all_work(two)
    again = laptop.rotate(FINISH)
    assert (again.replaced, again.waiting, again.deleted) == (None, ("desktop",), ())
    desktop.sync()
    assert desktop.entry.access_key_id == done.key_id
    ended = laptop.rotate()
    assert (ended.waiting, ended.until) == ((), laptop.entry.journal.began + limits.GRACE)
    assert laptop.keys_at_aws() == {KEY_ID: "Inactive", done.key_id: "Active"}
    all_work(two)
    laptop.rotate(FINISH)
    assert laptop.keys_at_aws() == {done.key_id: "Active"}
    desktop.sync()
    assert desktop.knows_rotation() is None
    all_work(two)


def test_a_machine_that_is_alone_in_its_bucket_waits_for_nobody(tmp_path, aws):
    (laptop,) = machines(tmp_path, aws, "laptop")
    assert laptop.rotate().waiting == ()
    assert laptop.keys_at_aws()[KEY_ID] == "Inactive"


def test_eight_machines_export_while_one_rotates(tmp_path, aws, monkeypatch):
    """Before each step, all others export; one of them has just synced. Nothing fails, and then one is offline for six days."""
    those = machines(tmp_path, aws, *EIGHT)
    laptop, others = those[0], those[1:]
    exported = []

    def meanwhile(number):
        others[number % 6].sync()
        all_work(others)
        exported.append(number)

    with monkeypatch.context() as patch:
        between_steps(patch, meanwhile)
        done = laptop.rotate()
    assert len(exported) >= 8
    assert done.replaced == KEY_ID
    away = others[-1]
    for one in others[:-1]:
        one.sync()
    for _ in range(6):
        laptop.clock.sleep(DAY)
        assert laptop.rotate(FINISH).waiting == (away.name,)
        all_work(those)
    away.sync()
    assert laptop.rotate(FINISH).waiting == ()
    assert laptop.keys_at_aws()[KEY_ID] == "Inactive"
    all_work(those)


def test_after_eight_days_the_key_of_a_machine_that_was_away_is_dead(two):
    """AWS refuses it (7), and a sync brings the new one."""
    laptop, desktop = two
    laptop.rotate()
    laptop.clock.sleep(8 * DAY)
    all_work(two)  # nothing has deactivated it yet
    assert laptop.rotate(FINISH).waiting == ()
    with pytest.raises(errors.Refused) as caught:
        desktop.works()
    assert (caught.value.exit_code, caught.value.code) == (7, "InvalidClientTokenId")
    desktop.sync()
    all_work(two)


def test_delete_now_does_not_wait(two):
    laptop, desktop = two
    done = laptop.rotate(RotationRequest(delete_now=True))
    assert (done.waiting, done.deleted) == ((), (KEY_ID,))
    desktop.sync()
    all_work(two)


def test_delete_now_ends_a_rotation_that_waits(two):
    laptop, _ = two
    new = laptop.rotate().key_id
    assert laptop.rotate(RotationRequest(delete_now=True)).deleted == (KEY_ID,)
    assert laptop.keys_at_aws() == {new: "Active"}


@pytest.mark.parametrize("synced", [False, True])
def test_undo_while_machines_are_waited_for(two, synced):
    """The old key comes back at once; the new one goes when no machine has it."""
    laptop, desktop = two
    new = laptop.rotate().key_id
    if synced:
        desktop.sync()
    done = laptop.rotate(UNDO)
    assert (done.key_id, done.replaced, done.kept, done.waiting) == (KEY_ID, new, new, ("desktop",))
    all_work(two)
    desktop.sync()
    assert desktop.entry.access_key_id == KEY_ID
    assert laptop.rotate().deleted == (new,)
    assert laptop.keys_at_aws() == {KEY_ID: "Active"}
    assert laptop.entry.journal is None
    all_work(two)


@pytest.mark.parametrize("step", ["create", "prove"])
def test_a_new_key_that_cannot_be_sent_does_not_take_over(two, aws, step):
    """Exit 11 with the old key in use; the next run continues with what there is."""
    laptop, _ = two

    def fails(request):
        if request == "PUT" and laptop.entry.journal is not None and laptop.entry.journal.step == step:
            unreachable()

    laptop.computer.bucket.before = fails
    with pytest.raises(
        errors.RotationStopped, match=f"could not be told.*{KEY_ID} is still in use"
    ) as caught:
        laptop.rotate()
    assert caught.value.exit_code == 11
    assert f"rotate {NAME}" in caught.value.hint
    assert laptop.entry.access_key_id == KEY_ID
    assert (aws.calls.count("CreateAccessKey") == 0) == (step == "create")
    laptop.computer.bucket.before = lambda _: None
    all_work(two)
    assert laptop.rotate().waiting == ("desktop",)
    assert aws.calls.count("CreateAccessKey") == 1
    all_work(two)


def test_others_that_cannot_be_told_that_it_took_over(two):
    """The error says that the new key is in use; the old one stays active, and the next run continues."""
    laptop, desktop = two

    def fails(request):
        if request == "PUT" and laptop.entry.journal is not None and laptop.entry.journal.step == "retire":
            unreachable()

    laptop.computer.bucket.before = fails
    with pytest.raises(errors.Unreachable, match="is in use, but a later step failed") as caught:
        laptop.rotate()
    assert caught.value.exit_code == 8
    assert laptop.keys_at_aws()[KEY_ID] == "Active"
    laptop.computer.bucket.before = lambda _: None
    all_work(two)
    assert laptop.rotate().waiting == ("desktop",)
    desktop.sync()
    assert laptop.rotate().waiting == ()
    all_work(two)


def test_the_end_that_cannot_be_told_is_only_said(two):
    """The old key is inactive already: a later sync closes the journal for the others."""
    laptop, desktop = two
    laptop.rotate()
    desktop.sync()

    def fails(request):
        if request == "PUT" and laptop.entry.journal is not None and laptop.entry.journal.step == "grace":
            unreachable()

    laptop.computer.bucket.before = fails
    assert laptop.rotate().waiting == ()
    assert any(
        "could not tell the other machines" in said and "awsvault-py sync" in said for said in laptop.told
    )
    laptop.computer.bucket.before = lambda _: None
    laptop.rotate(FINISH)
    desktop.sync()
    assert desktop.knows_rotation() is None


def test_a_key_that_another_machine_rotates(two):
    """It is named, and nothing is asked of AWS but to look; if that machine is gone, it does not block."""
    laptop, desktop = two
    laptop.rotate()
    created = desktop.aws.calls.count("CreateAccessKey")
    for request in (RotationRequest(), FINISH, UNDO):
        with pytest.raises(RotatedElsewhere, match=r"another machine \(laptop\)"):
            desktop.rotate(request)
    assert desktop.aws.calls.count("CreateAccessKey") == created
    gone = next(one.id for one in desktop.computer.sync(accept=True).machines if one.name == "laptop")
    desktop.computer.sync(removes=(gone,))
    assert desktop.rotate(RotationRequest(delete_other=KEY_ID)).replaced is not None
    assert desktop.works()


def test_of_two_machines_that_begin_at_once_one_rotates(two, monkeypatch):
    """Both have written their journal when the first one tells of it: the other withdraws, and both work."""
    laptop, desktop = two
    results = []

    def meanwhile(number):
        if number == 1:  # the laptop's journal is written, and not sent
            monkeypatch.undo()
            results.append(desktop.rotate())

    desktop.sync()
    laptop.sync()
    between_steps(monkeypatch, meanwhile)
    with pytest.raises(RotatedElsewhere, match=r"another machine \(desktop\)"):
        laptop.rotate()
    assert results[0].waiting == ("laptop",)
    assert laptop.aws.calls.count("CreateAccessKey") == 1
    assert laptop.entry.journal is None
    all_work(two)
    assert desktop.rotate().waiting == ()  # the laptop has synced
    assert desktop.knows_rotation() is None
    all_work(two)


def test_a_refused_creation_leaves_no_rotation_open_for_others(two):
    """IAM allows no new key: the journal that the others know is closed for them, too."""
    laptop, desktop = two
    laptop.user.denied = {"iam:CreateAccessKey"}
    with pytest.raises(errors.RotationStopped, match="AccessDenied"):
        laptop.rotate()
    desktop.sync()
    assert desktop.knows_rotation() is None


def test_an_entry_that_was_renamed_elsewhere_gets_the_new_key(two):
    """The desktop renamed it before it synced: its new name has the old key, which is replaced before it is deactivated."""
    laptop, desktop = two
    desktop.edit(lambda p: p.with_entry("renamed", p.entries[NAME]))
    new = laptop.rotate().key_id
    desktop.sync()
    assert laptop.rotate().waiting == ("desktop",)  # its other entry changed just now
    assert {one.access_key_id for one in laptop.opened().payload.entries.values()} == {new}
    desktop.sync()
    assert laptop.rotate().waiting == ()
    assert {one.access_key_id for one in desktop.opened().payload.entries.values()} == {new}
    assert laptop.keys_at_aws()[KEY_ID] == "Inactive"


def test_an_entry_that_another_machine_removes_meanwhile(two, monkeypatch):
    """The run stops, and no key takes over."""
    laptop, desktop = two

    def meanwhile(number):
        if number == 1:
            desktop.computer.remove(NAME)
            desktop.sync()

    between_steps(monkeypatch, meanwhile)
    with pytest.raises(errors.RotationStopped, match="another machine removed or renamed the entry"):
        laptop.rotate()
    assert laptop.keys_at_aws() == {KEY_ID: "Active"}


def killed(machine, patch, number, request=None):
    """Kill a run before its step ``number``, or at its end."""

    def kill(at):
        if at == number:
            raise Died

    between_steps(patch, kill)
    with pytest.raises(Died):
        machine.rotate(request)
        raise Died
    patch.undo()


def ended(laptop, desktop):
    """The rotation is finished, with one key that both have."""
    desktop.sync()
    laptop.rotate(RotationRequest(delete_now=True))
    desktop.sync()
    all_work((laptop, desktop))
    assert laptop.entry.journal is None
    assert set(laptop.keys_at_aws()) == {laptop.entry.access_key_id}


@pytest.mark.parametrize("number", range(8))
def test_a_kill_between_two_steps_locks_nobody_out(two, monkeypatch, number):
    """Before each step, until the machine waits, and after that: the next run continues, and each machine has a key that works."""
    laptop, desktop = two
    killed(laptop, monkeypatch, number)
    all_work(two)
    assert laptop.rotate().waiting == ("desktop",)
    all_work(two)
    desktop.sync()
    killed(laptop, monkeypatch, number % 4, FINISH)
    all_work(two)
    assert laptop.entry.journal.step == ("retire" if number % 4 < 2 else "grace")
    ended(laptop, desktop)


@pytest.mark.parametrize("hook", ["before", "after"])
def test_a_kill_at_each_request_to_the_bucket(two, hook):
    """Before the object is read or replaced, and when the answer is on its way: one for the sync at the start, and three for those that
    tell the others.
    """
    laptop, desktop = two
    bucket, requests = laptop.computer.bucket, []

    def kill(_):
        requests.append(1)
        if len(requests) > number:
            raise Died

    for number in range(4):
        requests.clear()
        setattr(bucket, hook, kill)
        with pytest.raises(Died):
            laptop.rotate()
        assert len(requests) == number + 1
        setattr(bucket, hook, lambda _: None)
        all_work(two)
        assert laptop.rotate().waiting == ("desktop",)
        all_work(two)
        ended(laptop, desktop)
