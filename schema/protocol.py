"""GraphQL over HTTP: which media type a caller reads, and the request in the body or the query string."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from schema.answer import Answer, Request
from schema.errors import BadRequest

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
REMEMBERED = 100  # values of a header, which callers repeat
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A request with the purpose it names in its extensions."""

    request: Request
    purpose: str | None
    size: int = 0  # bytes of the body, or of the query string


@lru_cache(REMEMBERED)
def media_type(accept: str | None) -> str | None:
    """The media type of the answer; None where the caller reads neither. The newer one wins where both are equal."""
    if not accept or not accept.strip():
        return JSON
    weights: dict[str, float] = {}
    for item in accept.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        weight, readable = 1.0, True
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
            elif key == "charset":
                readable = value.strip('"') in ("utf-8", "utf8")
        if readable:
            weights[name] = max(weight, weights.get(name, 0.0))
    any_json = max(weights.get("*/*", 0.0), weights.get("application/*", 0.0))
    graphql, plain = weights.get(GRAPHQL, 0.0), weights.get(JSON, any_json)
    if max(graphql, plain) <= 0:
        return None
    return GRAPHQL if graphql >= plain else JSON


def status(answer: Answer, media: str) -> int:
    """The HTTP status: the older media type answers 200 to a well-formed request whose document was refused."""
    return 200 if media == JSON and answer.document_fault else answer.status


def from_body(content_type: str | None, body: bytes) -> Told:
    """The request of a POST. Raises BadRequest."""
    if not _is_json(content_type):
        raise BadRequest("The body is application/json in UTF-8", status=415)
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("The body is not JSON") from None
    if not isinstance(told, dict):
        raise BadRequest("The body is one JSON object")
    return _told(told, by_get=False, size=len(body))


@lru_cache(REMEMBERED)
def _is_json(content_type: str | None) -> bool:
    name, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    return name == JSON and all(charset in ("utf-8", "utf8") for charset in charsets)


def from_query(parameters: Mapping[str, str], size: int = 0) -> Told:
    """The request of a GET whose query string has so many bytes. Raises BadRequest."""
    plain = ("query", "operationName", "documentId")
    told: dict[str, Any] = {name: parameters[name] for name in plain if name in parameters}
    for name in ("variables", "extensions"):
        if parameters.get(name):
            try:
                told[name] = orjson.loads(parameters[name])
            except orjson.JSONDecodeError:
                raise BadRequest(f"{name} is not JSON") from None
    return _told(told, by_get=True, size=size)


def _told(told: Mapping[str, Any], *, by_get: bool, size: int = 0) -> Told:
    query, name = told.get("query"), told.get("operationName")
    variables, extensions = told.get("variables"), told.get("extensions")
    for key, value in (("variables", variables), ("extensions", extensions)):
        if value is not None and not isinstance(value, dict):
            raise BadRequest(f"{key} is an object")
    sha256 = _hash(told, extensions or {})
    if query is None and sha256 is not None:
        query = ""
    elif not isinstance(query, str) or not query:
        raise BadRequest("query is text that is not empty")
    if name is not None and not isinstance(name, str):
        raise BadRequest("operationName is text")
    purpose = (extensions or {}).get("purpose")
    if purpose is not None and not isinstance(purpose, str):
        raise BadRequest("extensions.purpose is text")
    request = Request(query=query, operation_name=name or None, variables=variables or {}, by_get=by_get, sha256=sha256)
    return Told(request=request, purpose=purpose, size=size)


def _hash(told: Mapping[str, Any], extensions: Mapping[str, Any]) -> str | None:
    """The SHA-256 that a document is asked for by: `documentId`, or APQ's `extensions.persistedQuery`."""
    document, persisted = told.get("documentId"), extensions.get("persistedQuery")
    if document is None and persisted is None:
        return None
    if document is not None:
        found = document.removeprefix("sha256:") if isinstance(document, str) else None
    else:
        found = persisted.get("sha256Hash") if isinstance(persisted, dict) and persisted.get("version") == 1 else None
    if not isinstance(found, str) or not HASH.fullmatch(found):
        raise BadRequest("A document is asked for by the SHA-256 of its text, in lower-case hexadecimal")
    return found
