"""A vault, a profile of Identity Center, and a sign-in by device code, all in this process and on the stand-in's clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.signins import config
from tests.unit.conftest import Desk
from tests.vaults import soon
from vault.profiles import aws_files
from vault.profiles.resolve import resolve
from vault.signin import begin, target
from vault.signin.sealed import SignIns
from vault.signin.tokens import StoredTokens
from vault.store import vault


class SignInDesk(Desk):
    """A desk with a sign-in key; ``told`` is what the user was told."""

    def __init__(self, home, aws):
        super().__init__(home, aws)
        self.told = []

    def context(self, **env):
        context = super().context(**env)
        context.attended = True
        return context

    @property
    def config(self):
        context = self.context()
        return aws_files.load(context.env, home=context.paths.home)

    def target(self, name="corp"):
        return target.of_name(self.context(), self.config, name)

    def source(self, name="dev"):
        return resolve(self.config, name, env=self.context().env, has_entry=lambda _: False).source

    def sign_ins(self, **more):
        context = self.context()
        opened = self.keys(context).opened
        return SignIns.open(context.paths, key=opened.payload.sso_key, vault_id=opened.vault_id, **more)

    def sign_in(self, name="corp", **more):
        given = {"device": True, "opens": None, "tell": self.told.append, **more}
        with self.sign_ins(create=True) as sign_ins:
            return begin.sign_in(self.context(), sign_ins, self.target(name), **given)

    def record(self, name="corp"):
        with self.sign_ins() as sign_ins:
            return sign_ins.read(self.target(name).place)

    def store(self, record):
        with self.sign_ins(create=True) as sign_ins:
            sign_ins.write(record)

    def tokens(self):
        context = self.context()
        return StoredTokens(context, self.keys(context))

    def current(self, name="dev"):
        return self.tokens().current(self.source(name))

    def asked(self, action="CreateToken"):
        """How often the stand-in was asked for this since the sign-in."""
        return [call.action for call in self.aws.calls].count(action)

    def pass_time(self, seconds):
        self.aws.world.clock.advance(seconds)

    def accepted(self, token):
        return self.aws.world.sso.may_use(token.reveal_text(), self.aws.world.now())


@pytest.fixture
def bare(home, aws):
    """A vault with the key of the sign-ins, and no sign-in."""
    return bare_desk(home, aws)


def bare_desk(home, aws):
    home.config(config())
    home.make_vault()
    aws.world.assign("222222222222", "DeveloperRole")
    made = SignInDesk(home, aws)
    opened = made.keys(made.context()).opened
    vault.edit(
        made.context().paths, opened.k_main, lambda p: replace(p, sso_key=vault.new_key()), deadline=soon()
    )
    return made


@pytest.fixture
def signed(bare):
    """Signed in a moment ago."""
    bare.sign_in()
    bare.aws.calls.clear()
    return bare
