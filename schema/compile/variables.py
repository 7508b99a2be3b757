"""The variables of an operation: graphql-core's values, with what their declarations say found once.

Where each variable is a scalar or an enum, and each value is given or may be left out, they are coerced here by
graphql-core's own function; whatever else there is (lists, objects, defaults, what is refused) is all graphql-core's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, Undefined, is_leaf_type, is_non_null_type
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.type import get_nullable_type
from graphql.utilities import coerce_input_value


class Variables:
    """The variables that one operation declares under one schema."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._nodes = operation.variable_definitions or ()
        self._plain = self._signatures()

    def values(self, inputs: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """The values of a request, or what is wrong with them."""
        found = self._plainly(self._plain, inputs) if self._plain is not None else None
        if found is not None:
            return found
        return get_variable_values(self._schema, self._nodes, dict(inputs), hide_suggestions=True)

    def _signatures(self) -> Sequence[GraphQLVariableSignature] | None:
        """What is declared, where all of it is of scalars and enums."""
        found = []
        for node in self._nodes:
            signature = get_variable_signature(self._schema, node)
            if isinstance(signature, GraphQLError) or not is_leaf_type(get_nullable_type(signature.type)):
                return None
            found.append(signature)
        return found

    @staticmethod
    def _plainly(signatures: Sequence[GraphQLVariableSignature], inputs: Mapping[str, Any]) -> VariableValues | None:
        """The values, where each is given and good, or may be left out and has no default."""
        sources, coerced = dict[str, VariableValueSource](), dict[str, Any]()
        for signature in signatures:
            name, value = signature.name, inputs.get(signature.name, Undefined)
            if value is Undefined:
                if signature.default is not None or is_non_null_type(signature.type):
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            found = coerce_input_value(value, signature.type)
            if found is Undefined:
                return None
            sources[name], coerced[name] = VariableValueSource(signature, value), found
        return VariableValues(sources, coerced)
