"""Python's gql: schema by introspection, a query held against it, an error. One JSON object on standard output."""

import json
import os
import sys

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

transport = HTTPXTransport(url=os.environ["URL"], headers={"Authorization": f"Bearer {os.environ['TOKEN']}"})
query = "query Months($month: YearMonth!) { month(month: $month) { state } }"
with Client(transport=transport, fetch_schema_from_transport=True) as session:
    answer = session.execute(GraphQLRequest(query, variable_values={"month": "2025-11"}))
    types = sorted(session.client.schema.type_map)
with Client(transport=transport) as session:
    try:
        session.execute(gql("{ nope }"))
        code = ""
    except TransportQueryError as error:
        code = error.errors[0]["extensions"]["code"]
sys.stdout.write(json.dumps({"answer": answer, "person": "Person" in types, "code": code}))
