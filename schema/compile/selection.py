"""What a document selects, as graphql-core collects it: fragments, directives and equal keys resolved."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues


class Selection:
    """One operation's selections under one set of variables' values."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> None:
        self.schema = schema
        self._operation = operation
        self._variables = variables
        self._fragments = {
            node.name.value: FragmentDetails(node)
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def root(self, kind: GraphQLObjectType) -> GroupedFieldSet:
        """The operation's fields by response key, in order."""
        return collect_fields(self.schema, self._fragments, self._variables, kind, self._operation).grouped_field_set

    def below(self, kind: GraphQLObjectType, fields: FieldDetailsList) -> GroupedFieldSet:
        """The fields selected below fields of one key."""
        return collect_subfields(
            self.schema, self._fragments, self._variables, self._operation, kind, fields
        ).grouped_field_set
