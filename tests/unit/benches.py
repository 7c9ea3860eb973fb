"""A desk that rotates keys, for the tests of rotation, panic and strict seeds."""

from __future__ import annotations

import os
import shlex
from urllib.parse import unquote

from tests.home import endpoint_trust
from tests.unit.conftest import Desk
from tests.vaults import soon
from vault.rotation import rotate
from vault.rotation.steps import RotationRequest
from vault.store import vault

NAME = "shared-services"


class Bench(Desk):
    """A desk that rotates; ``user`` is the example's, ``told`` what the user was told."""

    def __init__(self, home, aws):
        super().__init__(home, aws)
        self.user = aws.world.user("yourself")
        self.told = []

    def context(self, **env):
        context = super().context(**env)
        context.attended = True
        return context

    def opened(self):
        return self.keys(self.context()).opened

    @property
    def entry(self):
        return self.opened().payload.entries[NAME]

    def look(self, **more):
        return rotate.prepare(
            self.context(),
            self.opened(),
            NAME,
            trust=endpoint_trust(self.context()),
            tell=self.told.append,
            **more,
        )

    def rotate(self, request=None, **more):
        prepared = self.look(**more)
        return rotate.carry_out(self.context(), self.opened(), prepared, request or RotationRequest())

    def keys_at_aws(self):
        return {key.id: key.status for key in self.aws.world.keys_of(self.user)}

    def settled(self):
        """The entry's key works, and every other key is one that the vault holds, inactive."""
        found, at_aws = self.entry, self.keys_at_aws()
        assert at_aws[found.access_key_id] == "Active"
        old = found.journal.old.access_key_id if found.journal is not None else None
        assert {k: s for k, s in at_aws.items() if k != found.access_key_id} in ({}, {old: "Inactive"})

    def edit(self, change):
        opened = self.opened()
        vault.edit(self.context().paths, opened.k_main, change, deadline=soon())


def unsteady(home, aws):
    """A bench whose AWS knows new keys late, and unsteadily at first."""
    home.scenario()
    home.make_vault()
    aws.world.new_key_delay = aws.world.new_key_flapping = 2.0
    return Bench(home, aws)


WINDOW = """#!/bin/sh
echo OK
while read -r line; do
    echo "$line" >>{folder}/heard
    if [ "$line" = GETPIN ]; then
        said='ERR 83886179 cancelled'
        for answer in {folder}/answer.*; do
            [ -e "$answer" ] && read -r said <"$answer" && rm "$answer"
            break
        done
        [ "$said" = silence ] && continue
        [ -n "$said" ] && echo "$said"
        case "$said" in ERR*) continue ;; esac
    fi
    echo OK
done
"""


class Window:
    """A pinentry that gives ``answers`` in turn, None to say nothing, and cancels where none is left; ``heard`` is what it was told."""

    def __init__(self, home, *answers):
        self.folder = os.path.join(home.root, "window")
        os.mkdir(self.folder)
        program = os.path.join(self.folder, "pinentry")
        with open(program, "w", encoding="utf-8") as file:
            file.write(WINDOW.format(folder=shlex.quote(self.folder)))
        os.chmod(program, 0o700)
        for number, answer in enumerate(answers):
            self.answer(number, answer)
        home.settings(f'pinentry = "{program}"\n')
        home.env["AWSVAULT_PROMPT"] = "pinentry"

    def answer(self, number, text):
        """Give ``text`` too; of those that wait, the lowest number comes first."""
        with open(f"{self.folder}/answer.{number:02}", "w", encoding="utf-8") as file:
            file.write("silence\n" if text is None else f"D {text}\n" if text else "\n")

    @property
    def left(self):
        """The answers that nobody has asked for."""
        return [name for name in os.listdir(self.folder) if name.startswith("answer")]

    @property
    def asked(self):
        """Whether it was opened at all."""
        return os.path.exists(f"{self.folder}/heard")

    def heard(self, word):
        """What came with each ``word`` so far."""
        with open(f"{self.folder}/heard", encoding="utf-8") as file:
            lines = [unquote(line.rstrip("\n")).partition(" ") for line in file]
        return [rest for said, _, rest in lines if said == word]


def refused(aws, action, code, *, status=403, **more):
    """The next call of ``action`` is refused with AWS's ``code``."""
    aws.faults.add(action, "refuse", code=code, message="as arranged", status=status, **more)
