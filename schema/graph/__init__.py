"""The graph: one file a noun. What a caller sees of it follows from their agreement (schema/contract.py)."""

from schema.graph.mutation import Mutation
from schema.graph.query import Query

__all__ = ["Mutation", "Query"]
