"""A document under a contract: parsed, hashed without its literals, validated.

It is remembered where it holds no text or number that could tell of a person: sizes of pages, months, days and codes
of counties do not.

Error texts are cut where they would repeat a value that came with the request.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    TokenKind,
    ValidationRule,
    parse,
    specified_rules,
    validate,
)

from schema.compile.variables import Variables
from schema.contract import Contract
from schema.errors import DocumentRefused, LimitExceeded
from schema.limits import INTROSPECTION, Measure, measure, page_variables
from schema.merging import bounded
from schema.shelf import Shelf

REMEMBERED = 100_000  # tokens of all the documents of a contract together
TOKEN_BYTES = 400  # that a token takes in memory, with its node
LEAST = 200  # tokens that even the smallest document counts for: with its measures and its place
TOKEN = re.compile(  # what the lexer finds, found much faster; a comment is the group; each place has one way to go on
    r'"""[^"\\]*(?:(?:\\"""|\\(?!""")|"(?!""))[^"\\]*)*(?:"""|\Z)'
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?'
    r"|\.\.\.|[_A-Za-z]\w*|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[!$&()\[\]{}:=@|]|(#[^\n\r]*)",
    re.ASCII,
)
PREPARING = Lock()  # one document at a time: whoever asks for one that is known does not compete with many new ones
LITERALS = {TokenKind.INT, TokenKind.FLOAT, TokenKind.STRING, TokenKind.BLOCK_STRING}
ECHOES = (
    re.compile(r", but encountered error .*", re.DOTALL),
    re.compile(r"[,.] [Ff]ound:? .*", re.DOTALL),
    re.compile(r"(?<=value): .*", re.DOTALL),
    re.compile(r"(?<=Unexpected (Int)) .*|(?<=Unexpected (Float)) .*|(?<=Unexpected (String)) .*", re.DOTALL),
    re.compile(r"(?<=Unexpected (BlockString)) .*", re.DOTALL),
)
DIGITS = re.compile(r"\d{6,}")
MEASURES = 8  # a document: sizes of pages that are in use
ERRORS = 10  # told of one document; each may cost as much as its longest literal
LITERAL = 4_000  # characters of one token: the lexer takes 0.1 us for each, and longer values are given as variables
ARGUMENTS = 400  # tokens between two parentheses: longer values are given as variables
NOBODYS = {  # literals that tell of nobody: a page's size; a county's code, a month, a day
    TokenKind.INT: re.compile(r"[0-9]{1,4}"),
    TokenKind.STRING: re.compile(r"[0-9]{2}(?:[0-9]{2}){0,2}|[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A parsed document. `digest` is the SHA-256 of its tokens with every literal emptied.

    `literals` are those, in order, and `offsets` where they stand; `telling`: one could tell of a person; `variables`
    are those of its operations, by name, once they were looked at.
    """

    document: DocumentNode
    digest: str
    key: str  # the SHA-256 of its text
    size: int  # tokens
    literals: tuple[str, ...]
    offsets: tuple[int, ...]
    telling: bool
    variables: dict[str, Variables] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A document that was found valid, with the measures of its operations by the sizes of pages that are asked for."""

    text: str
    prepared: Prepared
    pages: tuple[str, ...]
    measures: dict[tuple[object, ...], Measure]


class Library:
    """The documents of one contract that have been found valid, the least used forgotten first (schema/shelf.py).

    `room`: tokens of all of them together (REMEMBERED).
    """

    def __init__(self, contract: Contract, *, room: int | None = None) -> None:
        self.contract = contract
        self._valid: Shelf[_Kept] = Shelf(REMEMBERED if room is None else room)
        self._told: tuple[tuple[str, str], bytes] = (("", ""), b"")

    def known(self, text: str) -> Prepared | None:
        """A document that was found valid before."""
        found = self._valid.get(digest(text))
        return found.prepared if found else None

    def text(self, key: str) -> str | None:
        """The text of a document that was found valid before, by its SHA-256."""
        found = self._valid.get(key)
        return found.text if found else None

    def measure(
        self,
        prepared: Prepared,
        operation: OperationDefinitionNode | None,
        variables: Mapping[str, Any],
    ) -> Measure:
        """What an operation asks for, found once where the document is remembered. Raises as the limits do."""
        kept = self._valid.get(prepared.key)
        if kept is None or kept.prepared is not prepared:
            return measure(self.contract, prepared.document, operation, variables)
        name = operation.name.value if operation and operation.name else operation is None
        key = (name, *(_size(variables, page) for page in kept.pages))
        found = kept.measures.get(key)
        if found is None:
            found = measure(self.contract, prepared.document, operation, variables)
            if len(kept.measures) < MEASURES:
                kept.measures[key] = found
        return found

    def schema_told(self, prepared: Prepared, operation: OperationDefinitionNode, data: bytes | None) -> bytes | None:
        """What an operation without variables tells of the schema alone; the last one's is kept until another comes."""
        key = (prepared.key, operation.name.value if operation.name else "")
        if data is not None:
            self._told = key, data
        last, told = self._told
        return told if last == key else None

    def parse(self, text: str) -> Prepared:
        """Parse a document. Raises DocumentRefused, LimitExceeded."""
        limits = self.contract.agreement.limits
        found = tokens(text, limits.tokens + 1)
        if len(found) > limits.tokens:
            raise LimitExceeded("tokens", limits.tokens)
        if max(map(len, found), default=0) > LITERAL:
            raise LimitExceeded("literal", LITERAL)
        try:
            with PREPARING:
                document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
        except GraphQLSyntaxError as error:
            if "more than" in error.message:
                raise LimitExceeded("tokens", limits.tokens) from None
            place = error.locations[0] if error.locations else None
            where = f" (line {place.line}, column {place.column})" if place else ""
            raise DocumentRefused(clean(error.message) + where) from None
        parts, literals, offsets, telling, size, inside = [], [], [], False, 0, 0
        token = document.loc.start_token.next if document.loc else None
        while token is not None and token.kind is not TokenKind.EOF:
            size += 1
            inside = (
                0 if token.kind is TokenKind.PAREN_R else inside + 1 if inside or token.kind is TokenKind.PAREN_L else 0
            )
            if inside > ARGUMENTS:
                raise LimitExceeded("arguments", ARGUMENTS)
            if token.kind in LITERALS:
                parts.append(f"<{token.kind.name}>")
                literals.append(token.value or "")
                offsets.append(token.start)
                harmless = NOBODYS.get(token.kind)
                telling = telling or harmless is None or not harmless.fullmatch(token.value or "")
            elif token.kind is not TokenKind.COMMENT:
                parts.append(token.value or token.kind.value)
            token = token.next
        return Prepared(
            document=document,
            digest=digest(" ".join(parts)),
            key=digest(text),
            size=size,
            literals=tuple(literals),
            offsets=tuple(offsets),
            telling=telling,
        )

    def validate(self, prepared: Prepared) -> list[GraphQLError]:
        """What is wrong with a measured document. Raises LimitExceeded where to find out would take too long."""
        bounded(prepared.document)
        asked = rules(self.contract)
        with PREPARING:
            return validate(self.contract.schema, prepared.document, asked, max_errors=ERRORS, hide_suggestions=True)

    def remember(self, text: str, prepared: Prepared) -> None:
        """Keep a document that was found valid, unless a literal of it tells."""
        if not prepared.telling:
            kept = _Kept(text=text, prepared=prepared, pages=page_variables(prepared.document), measures={})
            weight = prepared.size + len(text) // TOKEN_BYTES
            self._valid.put(prepared.key, kept, max(LEAST, weight))


def digest(text: str) -> str:
    """SHA-256: what a document is remembered and asked for by."""
    return hashlib.sha256(text.encode()).hexdigest()


def tokens(text: str, most: int) -> list[str]:
    """The first tokens of a document, `most` of them at most; of what is none, anything."""
    return list(islice((found[0] for found in TOKEN.finditer(text) if found[1] is None), most))


def rules(contract: Contract) -> Collection[type[ASTValidationRule]]:
    """What a document of a contract is held against."""
    return specified_rules if contract.agreement.introspection else (*specified_rules, NoIntrospection)


def _size(variables: Mapping[str, Any], name: str) -> object:
    """A page's size as a measure takes it: a number, none, the document's own, or one that will be refused."""
    told = variables.get(name, ...)
    return told if told is None or told is ... or isinstance(told, int) else "refused"


class NoIntrospection(ValidationRule):
    """Where an agreement has introspection off, its entries are fields like any other that does not exist."""

    def enter_field(self, node: FieldNode, *_args: object) -> None:
        name = node.name.value
        if name in INTROSPECTION:
            self.report_error(GraphQLError(f"Cannot query field '{name}' on type 'Query'.", node))


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is meant; None where none is, or it is not clear which."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
    return operations[0] if len(operations) == 1 else None


def clean(message: str) -> str:
    """A message of graphql-core without the values it repeats."""
    for echo in ECHOES:
        message = echo.sub("", message)
    return DIGITS.sub("…", message)
