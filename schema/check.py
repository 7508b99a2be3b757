"""Whether a document is one of its contract and within its limits, before anything is read."""

from __future__ import annotations

from typing import Any

from schema.answer import Answer, Request, invalid
from schema.document import Library, operation_of
from schema.errors import DocumentRefused, MethodRefused
from schema.work import NAME, Checked, granted_of


def check(library: Library, request: Request, notes: dict[str, Any], *, valid: bool = False) -> Checked | Answer:
    """A document with its operation; or the refusal of what is not of the contract. `notes` become the log's.

    `valid`: it was found so already, and is only made ready. Raises Refused.
    """
    known = library.known(request.query)
    prepared = known or library.parse(request.query)
    operation = operation_of(prepared.document, request.operation_name)
    name = operation.name.value if operation and operation.name else ""
    notes |= {"document": prepared.digest, "operation": name if NAME.fullmatch(name) else ""}
    measured = library.measure(prepared, operation, request.variables)
    granted = granted_of(library.contract, measured)
    notes["fields"] = granted.fields
    if measured.personal and request.by_get:
        raise MethodRefused("A person is looked up by ID number only in the body of a POST")
    if known is None:
        errors = [] if valid else library.validate(prepared)
        if errors:
            return invalid(errors)
        library.remember(request.query, prepared)
    if operation is None:
        raise DocumentRefused("The document holds no operation of that name, or several and none is named")
    return Checked(prepared=prepared, operation=operation, measured=measured, granted=granted)
