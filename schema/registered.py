"""Documents by their hash: those of an agreement's folder, and those that a client has sent before.

1. `config/agreements/<id>/*.graphql` are the agreement's registered documents, one a file. Where the agreement says
   `documents = "registered"`, nothing else is answered: neither by hash nor by text.
2. A hash is the SHA-256 of a document's text, as `sha256sum FILE` gives it; without its last line break it is as good.
3. A registered document sent whole may differ in white space, commas and comments only.
4. Where documents are free, a hash asks for one that this contract remembers (schema/document.py); those that hold
   texts or numbers are not remembered, since they could tell of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, OperationDefinitionNode, parse, validate

from hub.errors import ConfigError, InputError
from hub.policy.toml import Problem
from schema.agreement import FOLDER, MOST, REGISTERED, Agreement
from schema.contract import Contract
from schema.document import Library, clean, digest, rules, tokens
from schema.errors import BadRequest, DocumentUnknown, NotRegistered, Refused
from schema.limits import measure
from schema.merging import bounded

if TYPE_CHECKING:
    from schema.answer import Request

SUFFIX = ".graphql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A registered document: its file, relative to the config folder, and its text."""

    file: str
    text: str

    @property
    def sha256(self) -> str:
        """Its hash, as `sha256sum` gives it."""
        return digest(self.text)


class Registered:
    """The registered documents of one agreement."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = tuple(documents)
        self._by_hash = {digest(text): text for item in self.documents for text in (item.text, item.text.strip())}
        self._bare = {tuple(tokens(item.text, MOST.tokens)): item.text for item in self.documents}

    def by_hash(self, sha256: str) -> str:
        """The text of a document. Raises NotRegistered."""
        if sha256 not in self._by_hash:
            raise NotRegistered
        return self._by_hash[sha256]

    def by_text(self, text: str) -> str:
        """The registered text of a document sent whole. Raises NotRegistered."""
        if digest(text) in self._by_hash:
            return text
        found = self._bare.get(tuple(tokens(text, MOST.tokens + 1)))
        if found is None:
            raise NotRegistered
        return found


def document_text(
    agreement: Agreement, request: Request, library: Library, registered: Mapping[str, Registered]
) -> str:
    """The text of the document that a request asks for. Raises BadRequest, NotRegistered, DocumentUnknown."""
    asked = request.sha256
    if asked is not None and request.query and digest(request.query) != asked:
        raise BadRequest("The SHA-256 is not that of the document")
    if agreement.documents == REGISTERED:
        held = registered.get(agreement.id) or Registered(())
        return held.by_text(request.query) if request.query else held.by_hash(asked or "")
    if request.query:
        return request.query
    known = library.text(asked or "")
    if known is None:
        raise DocumentUnknown
    return known


def load_all(folder: Path) -> dict[str, Registered]:
    """The registered documents of every agreement of a config folder that has some. Raises ConfigError."""
    paths = sorted(path for path in (folder / FOLDER).iterdir() if path.is_dir())
    return {path.name: _held(folder, path.name) for path in paths}


def load(path: Path, agreements: Iterable[Agreement]) -> dict[str, Registered]:
    """The registered documents of agreements as `schema.agreement.load` reads them: they stand beside their files.

    Raises ConfigError; InputError where one file was named and its documents do not stand beside it.
    """
    folder = path if path.is_dir() else path.parent
    place = FOLDER if (path / FOLDER).is_dir() else ""
    found = {}
    for agreement in agreements:
        if agreement.documents == REGISTERED:
            made = _held(folder, agreement.id, place)
            if path.is_file() and not made.documents:
                raise InputError(
                    f"{path} has no registered documents in {agreement.id}/ beside it",
                    remedy="Compare whole folders: `aidgraph access diff OLD_CONFIG NEW_CONFIG`",
                )
            found[agreement.id] = made
    return found


def _held(folder: Path, agreement: str, place: str = FOLDER) -> Registered:
    try:
        return Registered(read(folder, agreement, place))
    except (OSError, ValueError, GraphQLSyntaxError):
        path = folder / place / agreement
        raise ConfigError(f"{path}: a registered document cannot be read", remedy="Run `aidgraph check`") from None


def read(folder: Path, agreement: str, place: str = FOLDER) -> list[Document]:
    """The documents of an agreement's folder, by file."""
    paths = sorted((folder / place / agreement).glob(f"*{SUFFIX}"))
    return [Document(file=path.relative_to(folder).as_posix(), text=path.read_bytes().decode()) for path in paths]


def check(folder: Path, agreements: Iterable[Agreement]) -> list[Problem]:
    """What is wrong with the registered documents of a config folder, by file and line."""
    known = {agreement.id: agreement for agreement in agreements}
    problems = []
    for path in sorted(path for path in (folder / FOLDER).iterdir() if path.is_dir()):
        if path.name in known and known[path.name].documents != REGISTERED:
            message = 'is not used: the agreement does not say documents = "registered"'
            problems.append(_problem(path.relative_to(folder).as_posix(), message, "Say so, or take the folder away"))
    for agreement in known.values():
        if agreement.documents == REGISTERED:
            problems += _check(folder, agreement)
    return problems


def _check(folder: Path, agreement: Agreement) -> Iterable[Problem]:
    contract = Contract(agreement)
    paths = sorted((folder / FOLDER / agreement.id).glob(f"*{SUFFIX}"))
    if not paths:
        file = f"{FOLDER}/{agreement.id}.toml"
        yield _problem(file, "has no registered document", f"Put them into {FOLDER}/{agreement.id}/NAME{SUFFIX}")
    for path in paths:
        file = path.relative_to(folder).as_posix()
        try:
            text = path.read_bytes().decode()
            document = parse(text, max_lexical_tokens=agreement.limits.tokens)
        except GraphQLSyntaxError as error:
            yield _problem(file, clean(error.message), "Correct the document", error)
        except (OSError, ValueError):
            yield _problem(file, "cannot be read as UTF-8", "Save it as UTF-8")
        else:
            yield from _problems(file, contract, document)


def _problems(file: str, contract: Contract, document: DocumentNode) -> Iterable[Problem]:
    for error in validate(contract.schema, document, rules(contract)):
        yield _problem(file, error.message.rstrip("."), "`aidgraph access sdl` prints what there is", error)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            try:
                measure(contract, document, operation, {})
                bounded(document)
            except Refused as refusal:
                yield _problem(file, refusal.message, "Ask for less, or change the agreement's limits", operation)


def _problem(file: str, message: str, remedy: str, at: GraphQLError | OperationDefinitionNode | None = None) -> Problem:
    line, key = 1, "-"
    if isinstance(at, OperationDefinitionNode):
        line, key = at.loc.start_token.line if at.loc else 1, at.name.value if at.name else "-"
    elif at is not None and at.locations:
        line = at.locations[0].line
    return Problem(file=file, line=line, key=key, message=message, remedy=remedy)
