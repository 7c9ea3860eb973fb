"""The fido2 slot: added, opened, added again for another key; each trouble; and the forgery of a vault, which is refused."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from tests.fakes.key_user import TypingUser
from tests.fakes.security_key import SoftKey
from tests.vaults import new_vault, paths_in, soon
from vault.errors import NotThisSlot
from vault.hardware.security_key import SecurityKey, SecurityKeyFailed
from vault.secret import Secret
from vault.store import boxes, vault
from vault.store.boxes import Draft, Strict, new_key
from vault.store.format import Ext
from vault.store.payload import Payload
from vault.store.slots import fido2, fido2_data, new_sid, wrap_key
from vault.store.slots.fido2 import Fido2Slot
from vault.store.slots.hardware import HardwareUnavailable
from vault.system.clock import Deadline
from vault.system.prompts import NoAnswer

ID = bytes(16)
KEY = Secret(b"k" * 32)


def slot_of(*soft, user=None, **more):
    return Fido2Slot(user or TypingUser("1234"), find=lambda: [SecurityKey(one) for one in soft], **more)


def unavailable(function, *arguments, **more):
    with pytest.raises(HardwareUnavailable) as reason:
        function(*arguments, **more)
    return reason.value


def test_it_wraps_and_unwraps():
    """One PIN and two touches to add it; one PIN and one touch to open it, however often it is asked."""
    soft, user = SoftKey(), TypingUser("1234", "1234")
    record = slot_of(soft, user=user).wrap(KEY, vault_id=ID)
    assert (soft.touches, user.asked) == (2, [""])
    assert [text[-9:] for text in user.told] == ["(1 of 2).", "(2 of 2)."]
    opening = slot_of(soft, user=user)
    assert opening.handles(record)
    for _ in range(2):
        assert opening.unwrap(record, vault_id=ID) == KEY
    assert (soft.touches, len(user.asked)) == (3, 2)
    assert len(record.ext.data) < 512


def test_without_a_pin_a_touch_is_enough():
    """By choice; a key that has a PIN wants it once, to make the credential."""
    for soft, pins in ((SoftKey(pin=None), 0), (SoftKey(), 1)):
        user = TypingUser("1234")
        record = slot_of(soft, user=user, with_pin=False).wrap(KEY, vault_id=ID)
        assert slot_of(soft, user=user).unwrap(record, vault_id=ID) == KEY
        assert len(user.asked) == pins
        assert not fido2_data.decode(record.ext.data).uv


def test_what_cannot_be_added_is_told_before_any_question():
    """No key, two keys, none with hmac-secret, no PIN, a key that wants its PIN, a key that has a slot."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    for slot, said in (
        (slot_of(), "none is plugged in"),
        (slot_of(SoftKey(), SoftKey()), "2 are plugged in"),
        (slot_of(SoftKey(hmac_secret=False)), "no hmac-secret"),
        (slot_of(SoftKey(pin=None)), "it has no PIN"),
        (slot_of(SoftKey(always_uv=True), with_pin=False), "nothing without its PIN"),
        (slot_of(soft, taken=[record]), "already has a slot"),
    ):
        reason = unavailable(slot.check)
        assert said in str(reason)
        assert reason.hint
        assert said in str(unavailable(slot.wrap, KEY, vault_id=ID))
    touched = soft.touches
    slot_of(soft, SoftKey(hmac_secret=False)).check()
    assert soft.touches == touched


def test_a_key_that_hides_what_it_knows_refuses_a_second_credential(monkeypatch):
    """Where the silent question is not answered, the key itself excludes."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    monkeypatch.setattr(SecurityKey, "knows", lambda *_: False)
    assert "already has a slot" in str(unavailable(slot_of(soft, taken=[record]).wrap, KEY, vault_id=ID))


def test_the_right_one_of_several_keys_and_slots():
    """Only the key of a slot is touched, whichever is plugged in, in any order."""
    first, spare, other = SoftKey(), SoftKey(), SoftKey()
    records = [slot_of(key).wrap(KEY, vault_id=ID) for key in (first, spare)]
    for key in (first, spare, other):
        key.touches = 0
    assert slot_of(other, spare).unwrap(records[1], vault_id=ID) == KEY
    assert (first.touches, spare.touches, other.touches) == (0, 1, 0)
    reason = unavailable(slot_of(other, spare).unwrap, records[0], vault_id=ID)
    assert (str(reason), reason.elsewhere) == ("it is another security key", True)
    reason = unavailable(slot_of().unwrap, records[0], vault_id=ID)
    assert (str(reason), reason.elsewhere) == ("it is not plugged in", True)
    assert [slot_of(spare).is_here(record) for record in records] == [False, True]


def test_the_vault_opens_by_the_key_that_is_there(tmp_path):
    """Two slots, one key; the first slot's key is at home."""
    at_home, here = SoftKey(), SoftKey()
    paths = paths_in(tmp_path)
    new_vault(paths, others=[slot_of(at_home), slot_of(here)])
    opened = vault.open_with(paths, slot_of(here))
    assert opened.header.slots[2] == opened.slot
    assert here.touches == 3


def test_wrong_pins():
    """The tries left are told at each new question; the third closes the key, and nothing is touched."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    user = TypingUser("0000", "1111", "1234")
    assert slot_of(soft, user=user).unwrap(record, vault_id=ID) == KEY
    assert user.asked == ["", "the PIN is wrong; 7 tries are left", "the PIN is wrong; 6 tries are left"]
    user = TypingUser("1", "1234")
    assert slot_of(soft, user=user).unwrap(record, vault_id=ID) == KEY
    assert user.asked == ["", "a PIN has 4 to 63 characters"]
    user = TypingUser("0000", "1111", "2222")
    touches = soft.touches
    reason = unavailable(slot_of(soft, user=user).unwrap, record, vault_id=ID)
    assert "until it is plugged in again" in str(reason)
    assert "plug it in again" in reason.hint
    user = TypingUser("1234")
    assert "until it is plugged in again" in str(
        unavailable(slot_of(soft, user=user).unwrap, record, vault_id=ID)
    )
    assert user.asked == [], "a PIN that cannot work is not asked for"
    assert soft.touches == touches
    soft.replug()
    assert slot_of(soft).unwrap(record, vault_id=ID) == KEY


def test_a_pin_that_is_blocked_for_good():
    """The last try is told in the singular, and then the way out."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    soft.tries = 2
    user = TypingUser("0000", "1111")
    reason = unavailable(slot_of(soft, user=user).unwrap, record, vault_id=ID)
    assert user.asked == ["", "the PIN is wrong; 1 try is left"]
    assert "blocked for good" in str(reason)
    assert "reset" in reason.hint


def test_the_user_can_do_without_it():
    """No PIN: the next way. Cancelling ends the command."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    assert "no PIN" in str(unavailable(slot_of(soft, user=TypingUser("")).unwrap, record, vault_id=ID))
    with pytest.raises(NoAnswer):
        slot_of(soft, user=TypingUser()).unwrap(record, vault_id=ID)


def test_no_touch_until_the_deadline():
    """The key stops blinking, and works afterwards."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    soft.touch = lambda: False
    slot = slot_of(soft, new_deadline=lambda _: Deadline.after(0.1))
    assert "not touched in time" in str(unavailable(slot.unwrap, record, vault_id=ID))
    soft.touch = lambda: True
    assert slot_of(soft).unwrap(record, vault_id=ID) == KEY


def test_a_key_that_never_answers(monkeypatch):
    """It is left, and hides no other key."""
    soft, other = SoftKey(), SoftKey()
    record, others = (slot_of(one).wrap(KEY, vault_id=ID) for one in (soft, other))
    keys = [SecurityKey(soft), SecurityKey(other)]
    soft.deaf = True
    monkeypatch.setattr("vault.limits.SECURITY_KEY_TIME", 0.2)
    slot = Fido2Slot(TypingUser("1234"), find=lambda: keys)
    reason = unavailable(slot.unwrap, record, vault_id=ID)
    assert (str(reason), reason.elsewhere) == ("it does not answer", False)
    assert "plug it in again" in reason.hint
    assert slot.unwrap(others, vault_id=ID) == KEY
    soft.unplug()


def test_a_key_that_stops_answering_in_mid_touch():
    """It is left at the deadline, as one that nobody touches."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)

    def hangs():
        time.sleep(600)

    soft.touch = hangs
    slot = slot_of(soft, new_deadline=lambda _: Deadline.after(0.1))
    assert "not touched in time" in str(unavailable(slot.unwrap, record, vault_id=ID))


def test_a_key_that_fails_hides_no_other(monkeypatch):
    """A key that was just unplugged, or talks nonsense, beside the right one."""
    broken, good = SoftKey(), SoftKey()
    record = slot_of(good).wrap(KEY, vault_id=ID)
    keys = [SecurityKey(broken), SecurityKey(good)]
    broken.unplug()
    assert Fido2Slot(TypingUser("1234"), find=lambda: keys).unwrap(record, vault_id=ID) == KEY
    assert str(unavailable(Fido2Slot(TypingUser(), find=lambda: keys[:1]).unwrap, record, vault_id=ID)) == (
        "it was unplugged"
    )


def test_unplugging_in_mid_touch():
    """Told, and the user can type the passphrase."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)

    def leaves():
        soft.unplug()
        return False

    soft.touch = leaves
    assert str(unavailable(slot_of(soft).unwrap, record, vault_id=ID)) == "it was unplugged"


def test_like_keeps_the_credential_with_a_new_salt():
    """For a rekey: one touch, another wrap."""
    soft = SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    before = soft.touches
    again = slot_of(soft).like(record).wrap(Secret(b"n" * 32), vault_id=ID)
    old, new = (fido2_data.decode(one.ext.data) for one in (record, again))
    assert new._replace(salt=old.salt) == old
    assert (new.salt != old.salt, again.sid != record.sid, soft.touches) == (True, True, before + 1)
    assert slot_of(soft).unwrap(again, vault_id=ID) == Secret(b"n" * 32)


def test_without_the_library_or_access_it_says_what_to_do(monkeypatch):
    """The extra's name; and udev, if there is a key that this user may not use."""
    record = slot_of(SoftKey()).wrap(KEY, vault_id=ID)

    def missing():
        raise SecurityKeyFailed("python-fido2 is not installed", "library")

    reason = unavailable(Fido2Slot(TypingUser(), find=missing).unwrap, record, vault_id=ID)
    assert (str(reason), reason.hint) == ("python-fido2 is not installed", fido2.INSTALL)
    assert "fido2" in fido2.INSTALL
    monkeypatch.setattr("vault.system.fido_nodes.closed_nodes", lambda: ["/dev/hidraw3"])
    reason = unavailable(slot_of().is_here, record)
    assert (str(reason), reason.elsewhere) == ("no access to /dev/hidraw3", False)
    assert "udev" in reason.hint


def test_altered_data_opens_nothing():
    """Salt, PIN flag, credential and model are bound to the wrap; what is no data of this kind is skipped."""
    soft, other = SoftKey(), SoftKey()
    record = slot_of(soft).wrap(KEY, vault_id=ID)
    data = fido2_data.decode(record.ext.data)
    theirs = fido2_data.decode(slot_of(other).wrap(KEY, vault_id=ID).ext.data)
    for changed in (
        data._replace(salt=bytes(32)), data._replace(uv=False), data._replace(aaguid=bytes(16)), theirs
    ):  # fmt: skip
        altered = replace(record, ext=Ext(name="fido2", data=fido2_data.encode(changed)))
        with pytest.raises(NotThisSlot):
            slot_of(soft, other).unwrap(altered, vault_id=ID)
    broken = replace(record, ext=Ext(name="fido2", data=b"{}"))
    assert "not valid" in str(unavailable(slot_of(soft).unwrap, broken, vault_id=ID))
    assert not slot_of(soft).is_here(broken)


def test_the_user_is_asked_once():
    """A second slot of the same key is not worth a second touch: what was wrong with the first is wrong here, too."""
    soft = SoftKey()
    records = [slot_of(soft).wrap(KEY, vault_id=ID) for _ in range(2)]
    slot = slot_of(soft, user=TypingUser("1234", "1234"))
    broken = replace(records[0], wrap=records[1].wrap)
    with pytest.raises(NotThisSlot):
        slot.unwrap(broken, vault_id=ID)
    assert "another slot" in str(unavailable(slot.unwrap, records[1], vault_id=ID))


# ── forgery: who can write the file, and has no security key and no secret ───────────────────


def test_a_vault_cannot_be_forged_from_its_header(tmp_path):
    """Same ID, a later generation, the attacker's main key, and slots made of all that the file shows. None opens."""
    soft, theirs = SoftKey(), SoftKey()
    paths = paths_in(tmp_path)
    opened = new_vault(paths, others=[slot_of(soft)])
    true = opened.header.slots[1]
    data = fido2_data.decode(true.ext.data)
    evil, kek = new_key(), Secret(os.urandom(32))
    their_own = slot_of(theirs).wrap(evil, vault_id=opened.vault_id)
    their_data = fido2_data.decode(their_own.ext.data)

    def record(changed):
        bare = replace(true, sid=new_sid(), ext=Ext(name="fido2", data=fido2_data.encode(changed)), wrap=b"")
        return wrap_key(kek, bare, vault_id=opened.vault_id, key=evil)

    def forged(slot):
        draft = Draft(
            k_main=evil, payload=Payload(cache_key=new_key()), strict=Strict(key=new_key()),
            slots=(opened.header.slots[0], slot),
        )  # fmt: skip
        gen, time = opened.header.gen + 1, opened.header.time
        return boxes.build(draft, vault_id=opened.vault_id, gen=gen, time=time, strict_box=None).raw

    for what, slot in {
        "their own key's slot": their_own,
        "this key's credential, wrapped by a key of theirs": record(data),
        "this key's credential without its PIN": record(data._replace(uv=False)),
        "this key's credential and a salt of theirs": record(data._replace(salt=their_data.salt)),
        "their credential as this key's model": record(their_data._replace(aaguid=data.aaguid)),
    }.items():
        with open(paths.vault, "wb") as file:
            file.write(forged(slot))
        with pytest.raises(NotThisSlot):
            vault.open_with(paths, slot_of(soft))
            pytest.fail(f"opens the attacker's vault: {what}")
    with open(paths.vault, "wb") as file:
        file.write(forged(slot_of(soft).wrap(evil, vault_id=opened.vault_id)))
    assert vault.open_with(paths, slot_of(soft)).k_main == evil, "what refuses the others is the key alone"


def test_a_copied_slot_does_not_open_another_main_key(tmp_path):
    """The true slot in front of the attacker's box is damage, not a vault."""
    soft = SoftKey()
    paths = paths_in(tmp_path)
    opened = new_vault(paths, others=[slot_of(soft)])
    draft = Draft(
        k_main=new_key(), payload=Payload(cache_key=new_key()), strict=Strict(key=new_key()), slots=opened.header.slots
    )  # fmt: skip
    built = boxes.build(draft, vault_id=opened.vault_id, gen=9, time=opened.header.time, strict_box=None)
    with open(paths.vault, "wb") as file:
        file.write(built.raw)
    from vault import errors

    with pytest.raises(errors.Damaged):
        vault.open_with(paths, slot_of(soft))
    assert soft.touches == 3


def test_the_time_of_a_touch_leaves_time_for_a_passphrase():
    """Of one prompt's."""
    from vault import limits

    assert limits.TOUCH_TIME <= limits.PROMPT_TIME / 2
    assert soon().remaining() > limits.TOUCH_TIME
