"""Relay's connections: one shape for every page."""

from __future__ import annotations

from typing import Generic, TypeVar

import strawberry

from schema.graph.codes import both

Node = TypeVar("Node")


@strawberry.type(description=both("分页信息", "where a page stands"))
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description=both("连接中的一项", "one item of a connection"))
class Edge(Generic[Node]):
    cursor: str = strawberry.field(description=both("加密的位置", "its place, encrypted"))
    node: Node


@strawberry.type(description=both("分页结果", "one page of rows, in order of their key"))
class Connection(Generic[Node]):
    edges: list[Edge[Node]]
    nodes: list[Node] = strawberry.field(description=both("各项本身", "the items themselves"))
    page_info: PageInfo
