"""Errors with their exit codes and hints."""

import importlib
import pkgutil

import vault
from vault import errors
from vault.system import exec_program
from vault.unlocking.agent_keys import AgentGone


def every(cls):
    yield cls
    for sub in cls.__subclasses__():
        yield from every(sub)


def test_every_error_has_its_exit_code_and_a_hint():
    """The exit codes are a contract with scripts; no error of any module leaves the user without a next step."""
    for module in pkgutil.walk_packages(vault.__path__, "vault."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    codes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70}
    # Where exec's command cannot be run, exec says what a shell would have said in its place.
    of_exec = {exec_program.CannotRun: 126, exec_program.NoSuchCommand: 127}
    found = set(every(errors.Error))
    assert found > {AgentGone, *of_exec}
    for cls in found:
        assert cls.exit_code == of_exec[cls] if cls in of_exec else cls.exit_code in codes, cls
        assert cls.hint, cls
    assert errors.Locked("x").exit_code == 3
    assert errors.Refused("x", hint="y").hint == "y"
    assert str(errors.Diverged("found")) == "found"
    assert issubclass(errors.RolledBack, errors.Damaged)
