"""The fixture of commands in this process under the name that modules beside these know it by."""

from tests.conftest import here

__all__ = ["here"]
