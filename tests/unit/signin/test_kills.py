"""kill -9 before and after each write and request of signing in and out: at most the sign-in is lost, nothing is in plaintext."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.fakes.example import SSO_TOKEN
from tests.signins import config
from tests.unit.signin.conftest import SignInDesk
from tests.unit.signin.crashes import points
from tests.unit.signin.test_flows import Browser
from vault import errors
from vault.signin import begin, end, key

SAMPLED = 6  # every so many points in the short run


class Scene:
    """A home that each kill finds as it was, and one command in it."""

    def __init__(self, home, aws):
        home.config(config())
        home.make_vault()
        aws.world.assign("222222222222", "DeveloperRole")
        self.home, self.aws, self.before = home, aws, home.awsvault_home + ".before"
        self.desk = SignInDesk(home, aws)

    def keep(self):
        shutil.copytree(self.home.awsvault_home, self.before)

    def put_back(self):
        shutil.rmtree(self.home.awsvault_home)
        shutil.copytree(self.before, self.home.awsvault_home)

    def sign_in(self, *, device=True, opens=None):
        """As `sso login` does, with the key of the sign-ins created if there is none."""
        context = self.desk.context()
        with key.to_sign_in(context, purpose="to sign in").sign_ins as sign_ins:
            return begin.sign_in(
                context, sign_ins, self.desk.target(), device=device, opens=opens, tell=lambda _: None
            )

    def sign_in_by_browser(self):
        return self.sign_in(device=False, opens=Browser())

    def sign_out(self):
        with self.desk.sign_ins(create=True) as sign_ins:
            return end.sign_out(self.desk.context(), sign_ins, self.desk.target())

    def in_plaintext(self):
        """The files that show a secret of the sign-ins as it is."""
        sso = self.aws.world.sso
        secrets = {*sso.access, *sso.refresh, *sso.devices, *(one.secret for one in sso.clients.values())} - {
            SSO_TOKEN
        }
        found = []
        for folder, _, names in os.walk(self.home.root):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    raw = file.read()
                found += [name for secret in secrets if secret.encode() in raw]
        return found

    def left_over(self):
        """What is in the folder of the sign-ins beside one file each and the locks."""
        names = os.listdir(self.home.file("signins"))
        return [name for name in names if len(name) != 40 and not name.endswith(".lock")]

    def usable(self):
        """Whether an export would get a token that the portal takes; every other end must be the hint to sign in."""
        try:
            return self.desk.current() is not None and self.desk.accepted(self.desk.current())
        except errors.Refused as refused:
            assert refused.hint == "run: awsvault-py sso login corp"
            return False


@pytest.fixture
def scene(home, aws):
    made = Scene(home, aws)
    yield made
    shutil.rmtree(made.before, ignore_errors=True)


SAMPLES = [
    pytest.param(1, marks=pytest.mark.long, id="all"),
    pytest.param(SAMPLED, id="some"),
]


@pytest.mark.parametrize("step", SAMPLES)
@pytest.mark.parametrize("by", ["the first one", "browser", "again"])
def test_a_kill_of_a_sign_in_leaves_none_or_a_whole_one(scene, by, step):
    """And the next one succeeds. The first one of all creates the key in the vault, which opens after each kill."""
    work = scene.sign_in_by_browser if by == "browser" else scene.sign_in
    if by != "the first one":
        scene.sign_in()
    if by == "browser":
        scene.sign_out()
    scene.keep()
    ended, was = [], scene.usable()
    for point in points(["the first one", "browser", "again"].index(by), step):
        died = point.run(work)
        assert scene.in_plaintext() == [], point
        ended.append(scene.usable())
        assert ended[-1] or not was, point  # the earlier sign-in is good until there is another
        scene.sign_in()
        assert (scene.usable(), scene.left_over()) == (True, []), point
        scene.put_back()
        if not died:
            break
    assert ended[-1]
    assert ended == sorted(ended)  # once it is there it stays: the calls come in order
    assert len(ended) * step > 7


@pytest.mark.parametrize("step", SAMPLES)
def test_a_kill_of_a_sign_out_leaves_it_to_be_done_again(scene, step):
    """At no point is it over here and goes on at AWS; the second try deletes what is left."""
    for point in points(0, step):
        scene.sign_in()
        token = scene.desk.current()
        died = point.run(scene.sign_out)
        assert scene.in_plaintext() == [], point
        if scene.desk.current() is None:
            assert not scene.desk.accepted(token), point
        assert scene.sign_out().trouble is None, point
        assert not scene.desk.accepted(token), point
        assert (scene.desk.current(), scene.left_over()) == (None, []), point
        if not died:
            break
    assert point.number > 3
