"""The Query protocol of STS: from parameters to a form, from XML answers to nested values. Pure.

XML with a document type, a depth beyond AWS's answers, or a field twice is not an answer from AWS.
"""

from __future__ import annotations

from vault.http import percent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VERSION = "2011-06-15"
_DEEPEST = 16  # the deepest answer to awsvault-py's calls has 6
_LISTED = "member"
_EXCEPTION = "Exception"


class MalformedXml(ValueError):
    """The text is not an answer of the Query protocol. Says what is wrong, never what the text contains."""


def form(operation: str, parameters: dict[str, Any]) -> bytes:
    """The request's body: lists as ``Name.member.N``, structures as ``Name.Field``."""
    pairs = [("Action", operation), ("Version", _VERSION)]
    for name, value in parameters.items():
        pairs += _flat(name, value)
    return percent.form(pairs).encode("ascii")


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    match value:
        case dict():
            return [pair for key, inner in value.items() for pair in _flat(f"{name}.{key}", inner)]
        case list() | tuple():
            return [
                pair for n, inner in enumerate(value, 1) for pair in _flat(f"{name}.{_LISTED}.{n}", inner)
            ]
        case _:
            return [(name, str(value))]


def parse(raw: bytes) -> tuple[str, dict[str, Any]]:
    """The root's name and its fields: text, dictionaries, and lists if the children are ``member``. MalformedXml."""
    import pyexpat  # imports in 2 ms, while xml.etree takes 12

    builder = _Builder()
    parser = pyexpat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(raw, True)
    except pyexpat.ExpatError:
        raise MalformedXml("malformed XML") from None
    root, fields = builder.root or ("", "")
    if isinstance(fields, dict) or (root.endswith(_EXCEPTION) and not fields):
        return root, fields or {}
    raise MalformedXml("XML without fields")


def refusal(raw: bytes) -> tuple[str, str]:
    """Code and message of an error in one of AWS's forms. MalformedXml for anything else, such as a web page.

    The forms: ErrorResponse/Error of STS and IAM, Response/Errors/Error, Error alone, and the form of AWS's front ends,
    which have an exception's name around its message.
    """
    root, fields = parse(raw)
    wrapped = fields.get("Errors")
    found = fields if root == "Error" else (wrapped if isinstance(wrapped, dict) else fields).get("Error")
    found = found if isinstance(found, dict) else {}
    code, message = found.get("Code"), found.get("Message")
    if root.endswith(_EXCEPTION):
        code, message = root, fields.get("Message") or fields.get("message")
    if not isinstance(code, str) or not code.strip():
        raise MalformedXml("an error without a code")
    return code.strip(), message if isinstance(message, str) else ""


def _no_doctype(*_: object) -> None:
    raise MalformedXml("XML with a document type")


class _Builder:
    """Builds values from expat's events, on a stack of (name, fields, list, text)."""

    def __init__(self) -> None:
        self.root: tuple[str, Any] | None = None
        self._stack: list[tuple[str, dict[str, Any], list[Any], list[str]]] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._stack) >= _DEEPEST:
            raise MalformedXml("XML nested too deeply")
        self._stack.append((name.rpartition(":")[2], {}, [], []))

    def text(self, text: str) -> None:
        self._stack[-1][3].append(text)

    def end(self, _name: str) -> None:
        name, fields, members, text = self._stack.pop()
        value: Any = members or fields or "".join(text)
        if not self._stack:
            self.root = (name, value)
            return
        _, above, listed, _ = self._stack[-1]
        if name == _LISTED:
            listed.append(value)
        elif name in above:
            raise MalformedXml("XML with a field twice")
        else:
            above[name] = value
