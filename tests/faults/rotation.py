"""Rotations that die: every point of a rotation, and what the vault and AWS have after it and after the next run."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import NamedTuple

from tests.fakes.aws import StandIn
from tests.faults import accidents, dying
from tests.home import PASSPHRASE, Home, endpoint_trust
from tests.vaults import soon
from vault.rotation import rotate
from vault.rotation.steps import RotationRequest
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

NAME = "shared-services"
# kind -> the request that dies, and whether a rotation was done before it
KINDS = {
    "rotate": (RotationRequest(), False),
    "delete-now": (RotationRequest(delete_now=True), False),
    "again": (RotationRequest(), True),
    "finish": (RotationRequest(finish=True), True),
    "undo": (RotationRequest(undo=True), True),
}


class Place(NamedTuple):
    """A vault made once, copied for each run."""

    template: str
    k_main: Secret


def template() -> Place:
    """A vault with the example's key and its seed."""
    dying.prepare()
    root = tempfile.mkdtemp(prefix="rotation-")
    home = Home(root)
    home.make_vault()
    opened = vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())
    return Place(root, opened.k_main)


class Scene:
    """One world and one home: a context manager. ``mfa``: IAM requires MFA."""

    def __init__(self, place: Place, *, mfa: bool = False, delay: float = 2.0, flapping: float = 2.0) -> None:
        self._root = tempfile.mkdtemp(prefix="scene-")
        shutil.copytree(place.template, self._root, dirs_exist_ok=True)
        self.k_main = place.k_main
        self.aws = StandIn().start()
        self.home = Home(self._root, url=self.aws.url)
        self.user = self.aws.world.user("yourself")
        self.user.require_mfa_for_iam = mfa
        self.aws.world.new_key_delay, self.aws.world.new_key_flapping = delay, flapping

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.aws.stop()
        shutil.rmtree(self._root, ignore_errors=True)

    def rotate(self, request: RotationRequest = RotationRequest(), *, die=None) -> dying.Ended:  # noqa: B008
        """One run of what is behind ``rotate --yes``, in its own process."""

        def job():
            context = dying.context_of(self.home, self.aws)
            opened = vault.open_with_main_key(context.paths, self.k_main)
            with rotate.lock_rotations(context):
                prepared = rotate.prepare(
                    context, opened, NAME, trust=endpoint_trust(context), tell=lambda _: None
                )
                outcome = rotate.carry_out(context, opened, prepared, request)
            return outcome.key_id

        return dying.run(job, die=die)

    @property
    def entry(self):
        """The entry as it is on disk now."""
        paths = from_env(self.home.env)
        return vault.open_with_main_key(paths, self.k_main).payload.entries[NAME]

    def leftovers(self) -> list[str]:
        """Temporary files in the program's folder."""
        return [
            n
            for _, _, names in os.walk(self.home.awsvault_home)
            for n in names
            if n.startswith(".") and n != ".gc"
        ]

    def check(self, *, settled: bool) -> None:
        """A working key in the vault, two keys at most; ``settled``: and none that the vault does not have."""
        keys = {key.id: key for key in self.aws.world.keys_of(self.user)}
        entry = self.entry
        assert len(keys) <= 2, sorted(keys)
        stored = {entry.access_key_id: entry.secret}
        journal = entry.journal
        for pair in (journal.old, journal.new) if journal is not None else ():
            if pair is not None:
                stored[pair.access_key_id] = pair.secret
        for key_id, secret in stored.items():
            assert key_id not in keys or keys[key_id].secret == secret.reveal_text()
        key = keys.get(entry.access_key_id)
        assert key is not None, (entry.access_key_id, sorted(keys))
        assert key.status == "Active"
        # The entry's key works everywhere: it is never one that some server of AWS does not know yet.
        assert self.aws.world.now() >= key.steady_from
        if settled:
            assert set(keys) <= set(stored), (sorted(keys), sorted(stored))
            assert all(keys[k].status == "Inactive" for k in keys if k != entry.access_key_id)


def points_of(place: Place, kind: str, *, mfa: bool = False) -> list[str]:
    """The calls of a run that nothing interrupts."""
    request, before = KINDS[kind]
    with Scene(place, mfa=mfa) as scene:
        if before:
            assert scene.rotate().error is None
        ended = scene.rotate(request)
        assert ended.error is None, ended.error
        scene.check(settled=True)
        return ended.points


def suffer(place: Place, kind: str, points: list[str], number: int, how: str, *, mfa: bool = False) -> bool:
    """One accident (tests/faults/accidents), a check, another ``rotate``, a check. False if the run ended before it."""
    request, before = KINDS[kind]
    with Scene(place, mfa=mfa) as scene:
        if before:
            assert scene.rotate().error is None
        happened = accidents.befall(
            scene.aws, points, number, how, lambda die=None: scene.rotate(request, die=die)
        )
        scene.check(settled=False)
        if not happened:
            return False
        again = scene.rotate()
        assert again.error is None, again.error
        scene.check(settled=True)
        return True
