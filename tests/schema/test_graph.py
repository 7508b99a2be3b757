"""What the graph answers: values, masks, scope, pages, lineage, and how few statements it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hub.store import published
from tests.schema import world
from tests.schema.client import Client

CIVIL, RURAL, HOSPITAL, AUDITOR = "civil-affairs", "rural-revitalization", "hospital", "auditor"
BY_NUMBER = "query Q($n: String!) { personByIdNumber(idNumber: $n) { entitlements { benefit category } } }"


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SELECTs that read the graph; the log and the transaction are not among them."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT") and "access_log" not in statement and "advisory" not in statement:
            seen.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)  # compiled statements have an engine of their own
    yield seen
    event.remove(sa.Engine, "before_cursor_execute", note)


def test_a_person_is_shown_as_the_agreement_says(client: Client) -> None:
    query = """query P($t: String!) { person(token: $t) {
      token name sex birth rural death residence { code name fullName parent { name } } county { code }
      categories { category validFrom validUntil region { name } certifier }
      enrolments { insutype status validUntil } subsidies { year payer amount paid } } }"""
    token = client.person(CIVIL, 1)
    person = client.ask(CIVIL, query, {"t": token}).data["person"]
    assert person == {
        "token": token,
        "name": "王*",
        "sex": "MALE",
        "birth": "1960",
        "rural": True,
        "death": None,
        "residence": {
            "code": "370302001",
            "name": "松龄路街道",
            "fullName": "山东省 淄博市 淄川区 松龄路街道",
            "parent": {"name": "淄川区"},
        },
        "county": {"code": "370302"},
        "categories": [
            {
                "category": "DIBAO",
                "validFrom": "2024-01-01",
                "validUntil": None,
                "region": {"name": "淄川区"},
                "certifier": "civil_affairs",
            }
        ],
        "enrolments": [{"insutype": "RESIDENT", "status": "NORMAL", "validUntil": None}],
        "subsidies": [{"year": 2025, "payer": "CIVIL_AFFAIRS", "amount": "150.00", "paid": "2025-02-01"}],
    }


def test_masks_are_applied_in_sql_and_told_in_the_answer(client: Client) -> None:
    query = """query P($t: String!) { person(token: $t) { birth settlements(first: 1) { nodes {
      number total selfInScope medicalAssistancePaid } } } }"""
    with statements() as seen:
        reply = client.ask(CIVIL, query, {"t": client.person(CIVIL, 1)})
    (settlement,) = reply.data["person"]["settlements"]["nodes"]
    assert settlement["number"].startswith("x_")
    assert (settlement["total"], settlement["selfInScope"]) == ("500.00..2000.00", "0.00..500.00")
    assert settlement["medicalAssistancePaid"] == "123.45"
    assert "t.birth AS birth" not in " ".join(seen)
    assert reply.json["extensions"]["withheld"] == [
        {"field": field, "reason": reason, "agreement": CIVIL}
        for field, reason in (
            ("Person.birth", "mask:year"),
            ("Settlement.number", "mask:token"),
            ("Settlement.selfInScope", "mask:band"),
            ("Settlement.total", "mask:band"),
        )
    ]


def test_only_what_is_asked_for_and_granted_is_selected(client: Client) -> None:
    with statements() as seen:
        client.ask(CIVIL, "{ persons(first: 1) { nodes { sex } } }")
    (select,) = [text for text in seen if "FROM person" in text]
    for column in ("ethnic", "name_masked", "birth", "identity_sealed", "residence", "record_digest"):
        assert column not in select.split("FROM")[0]


@pytest.mark.parametrize(
    ("agreement", "n", "visible"),
    [
        (CIVIL, 1, True),
        (CIVIL, 2, True),
        (CIVIL, 3, False),  # lives elsewhere
        (CIVIL, 4, False),  # holds no category
        (CIVIL, 5, False),  # held one, before the benefit year
        (RURAL, 2, True),
        (RURAL, 3, True),
        (RURAL, 1, False),  # another department's category
        (AUDITOR, 4, True),
        (AUDITOR, 999, False),  # nobody
    ],
)
def test_row_scope_decides_who_exists(client: Client, agreement: str, n: int, *, visible: bool) -> None:
    token = client.person(agreement, n)
    reply = client.ask(agreement, "query P($t: String!) { person(token: $t) { token } }", {"t": token})
    assert reply.data["person"] == ({"token": token} if visible else None)


def test_out_of_scope_and_absent_and_forged_are_the_same_bytes_by_the_same_statement(client: Client) -> None:
    query = "query P($t: String!) { person(token: $t) { token name } }"
    replies, texts = [], []
    tokens = [client.person(CIVIL, 3), client.person(CIVIL, 998), client.person(RURAL, 1), "p_AAAA", "nonsense"]
    for token in tokens:
        with statements() as seen:
            replies.append(client.ask(CIVIL, query, {"t": token}).text)
        texts.append(tuple(seen))
    assert len(set(replies)) == 1
    assert len(set(texts)) == 1


def test_a_persons_categories_of_other_departments_are_not_theirs_to_see(client: Client) -> None:
    query = "query P($t: String!) { person(token: $t) { categories { category } } }"
    for agreement, expected in ((CIVIL, ["TEKUN"]), (RURAL, ["MON_EDGE"]), (AUDITOR, ["TEKUN", "MON_EDGE"])):
        reply = client.ask(agreement, query, {"t": client.person(agreement, 2)})
        assert [spell["category"] for spell in reply.data["person"]["categories"]] == expected


def test_tokens_of_two_agreements_cannot_be_joined(client: Client) -> None:
    tokens = {client.person(agreement, 2) for agreement in (CIVIL, RURAL, AUDITOR)}
    assert len(tokens) == 3
    reply = client.ask(RURAL, "query P($t: String!) { person(token: $t) { token } }", {"t": client.person(CIVIL, 2)})
    assert reply.data["person"] is None


def test_households_show_the_members_in_scope_and_no_other(client: Client) -> None:
    query = "{ households(first: 5) { nodes { token county { name } members { covered relation person { name } } } } }"
    (household,) = client.ask(CIVIL, query).data["households"]["nodes"]
    assert household["token"].startswith("h_")
    assert household["members"] == [{"covered": True, "relation": "户主", "person": {"name": "王*"}}]
    again = client.ask(
        CIVIL, "query H($t: String!) { household(token: $t) { county { code } } }", {"t": household["token"]}
    )
    assert again.data["household"] == {"county": {"code": "370302"}}


def test_findings_and_warnings_follow_addressee_kind_and_place(client: Client) -> None:
    query = """{ findings(first: 9) { nodes { kind county { code } person { token } } }
                 warnings(first: 9) { nodes { category burden threshold document { title } household { token } } } }"""
    civil, rural, auditor = (client.ask(agreement, query).data for agreement in (CIVIL, RURAL, AUDITOR))
    assert [item["kind"] for item in civil["findings"]["nodes"]] == ["SUBSIDY_MISSING"]
    assert [item["kind"] for item in rural["findings"]["nodes"]] == ["LISTED_NOT_INSURED"]
    assert len(auditor["findings"]["nodes"]) == 5
    assert len(civil["warnings"]["nodes"]) == 1
    assert rural["warnings"]["nodes"][0]["burden"] == "2000.00..5000.00"
    assert rural["warnings"]["nodes"][0]["document"] == {"title": "新疆预警"}
    assert [item["burden"] for item in auditor["warnings"]["nodes"]] == ["3456.78"] * 3
    assert [item["category"] for item in auditor["warnings"]["nodes"]] == ["DIBAO", "EVERYONE", "MON_EDGE"]


def test_lineage_leads_from_an_entitlement_to_the_rows_and_the_article(client: Client) -> None:
    query = """query L($t: String!) { person(token: $t) { entitlements(benefit: MEDICAL_ASSISTANCE) {
      rule { key article document { number title } }
      winner { category reason record { line } }
      outranked { category reason annualAmount }
      spells { category record { source { name department } stream line digest receivedAt
        batch { id read accepted quarantined duplicates } } } } } }"""
    (entitlement,) = client.ask(AUDITOR, query, {"t": client.person(AUDITOR, 2)}).data["person"]["entitlements"]
    assert entitlement == {
        "rule": {
            "key": "zichuan-2025/ma",
            "article": "三",
            "document": {"number": "淄川救助〔2025〕1号", "title": "淄川救助"},
        },
        "winner": {"category": "TEKUN", "reason": "WINNER", "record": {"line": 2}},
        "outranked": [{"category": "MON_EDGE", "reason": "LOWER_AMOUNT", "annualAmount": "450.00"}],
        "spells": [
            {
                "category": "TEKUN",
                "record": {
                    "source": {"name": "civil_affairs", "department": "civil_affairs"},
                    "stream": "recipients",
                    "line": 2,
                    "digest": "CANARYDIGEST0002",
                    "receivedAt": "2025-12-05T01:02:03.000Z",
                    "batch": {"id": "2", "read": 10, "accepted": 8, "quarantined": 1, "duplicates": 1},
                },
            }
        ],
    }


def test_what_is_due_stands_beside_what_was_paid(client: Client) -> None:
    query = """query S($t: String!) { person(token: $t) { settlements(first: 1, filter: {settledBefore: "2025-03-11"}) {
      nodes { medicalAssistancePaid payments { benefit category %s amount document { title } article determined
        reason } } } } }"""

    def first(agreement: str, n: int, more: str) -> dict[str, Any]:
        data = client.ask(agreement, query % more, {"t": client.person(agreement, n)}).data
        (settlement,) = data["person"]["settlements"]["nodes"]
        return settlement

    shared = {"category": "DIBAO", "document": {"title": "淄川救助"}, "article": "三"}
    auditor = first(AUDITOR, 1, "base line ratio capLeft rule { key }")
    assert auditor == {
        "medicalAssistancePaid": "123.45",
        "payments": [
            {
                "benefit": "MEDICAL_ASSISTANCE", **shared, "base": "534.56", "line": "100.00", "ratio": "0.7500",
                "amount": "325.92", "capLeft": "29674.08", "rule": {"key": "zichuan-2025/ma"}, "determined": True,
                "reason": None,
            },
            {
                "benefit": "TILT", **shared, "base": "534.56", "line": None, "ratio": None, "amount": None,
                "capLeft": None, "rule": {"key": "zichuan-2025/ma"}, "determined": False, "reason": "line: unknown",
            },
        ],
    }  # fmt: skip
    assert [row["base"] for row in first(CIVIL, 1, "base")["payments"]] == ["500.00..2000.00"] * 2
    assert first(CIVIL, 2, "base")["payments"] == []  # due to a category of another department's
    assert [row["category"] for row in first(AUDITOR, 2, "base")["payments"]] == ["MON_EDGE"]


def test_a_finding_leads_to_its_settlement_and_to_what_is_due(client: Client) -> None:
    query = """{ findings(filter: {month: "2025-11"}) { nodes { kind settlement { medicalAssistancePaid
      payments { benefit amount article } } } } }"""
    nodes = client.ask(AUDITOR, query).data["findings"]["nodes"]
    assert {node["kind"] for node in nodes if node["settlement"]} == {"ASSISTANCE_UNDERPAID"}
    (found,) = [node["settlement"] for node in nodes if node["settlement"]]
    assert found["medicalAssistancePaid"] == "123.45"
    assert found["payments"][0] == {"benefit": "MEDICAL_ASSISTANCE", "amount": "325.92", "article": "三"}
    civil = client.ask(CIVIL, query).data["findings"]["nodes"]
    assert [node["settlement"] for node in civil] == [None] * len(civil)


def test_an_id_number_finds_its_person_and_no_other(client: Client) -> None:
    found = client.ask(HOSPITAL, BY_NUMBER, {"n": world.NUMBER}).data["personByIdNumber"]
    assert found == {"entitlements": [{"benefit": "MEDICAL_ASSISTANCE", "category": "DIBAO"}]}
    assert client.ask(HOSPITAL, BY_NUMBER, {"n": "110101199001011237"}).data["personByIdNumber"] is None


def test_an_id_number_is_refused_in_the_document_and_by_get(client: Client) -> None:
    literal = '{ personByIdNumber(idNumber: "NUMBER") { entitlements { benefit } } }'.replace("NUMBER", world.NUMBER)
    reply = client.ask(HOSPITAL, literal)
    assert (reply.code, world.NUMBER in reply.text) == ("DOCUMENT_REFUSED", False)


def test_what_holds_on_a_day(client: Client) -> None:
    query = "query P($t: String!, $d: Date) { person(token: $t) { categories(asOf: $d) { category } } }"
    for day, count in (("2023-12-31", 0), ("2024-01-01", 1), (None, 1)):
        reply = client.ask(CIVIL, query, {"t": client.person(CIVIL, 1), "d": day})
        assert len(reply.data["person"]["categories"]) == count


def test_filters_select(client: Client) -> None:
    def tokens(condition: str) -> int:
        reply = client.ask(
            CIVIL, "{ persons(first: 100, filter: {WHERE}) { nodes { token } } }".replace("WHERE", condition)
        )
        return len(reply.data["persons"]["nodes"])

    assert tokens('county: "370302"') == 1
    assert tokens("category: TEKUN") == 1
    assert tokens('county: "370911", category: DIBAO, sex: MALE, rural: true') == 30
    assert tokens('county: "653121"') == 0


def test_pages_by_key_give_every_row_once_in_both_directions(client: Client) -> None:
    def walk(size: str, cursor: str, end: str, more: str) -> list[str]:
        found: list[str] = []
        place = None
        while True:
            query = f"persons({size}: 7, {cursor}: $c) {{ nodes {{ token }} pageInfo {{ {end} {more} }} }}"
            reply = client.ask(CIVIL, f"query P($c: String) {{ {query} }}", {"c": place})
            page = reply.data["persons"]
            tokens = [node["token"] for node in page["nodes"]]
            found = found + tokens if size == "first" else tokens + found
            if not page["pageInfo"][more]:
                return found
            place = page["pageInfo"][end]

    forward = walk("first", "after", "endCursor", "hasNextPage")
    assert len(forward) == len(set(forward)) == 32
    assert walk("last", "before", "startCursor", "hasPreviousPage") == forward


def test_nested_pages_go_on_from_their_cursor(client: Client) -> None:
    query = """query P($t: String!, $c: String) { person(token: $t) {
      settlements(first: 5, after: $c) { nodes { settled } edges { cursor } pageInfo { hasNextPage endCursor } } } }"""
    token = client.person(AUDITOR, 1)
    first = client.ask(AUDITOR, query, {"t": token}).data["person"]["settlements"]
    rest = client.ask(AUDITOR, query, {"t": token, "c": first["pageInfo"]["endCursor"]}).data["person"]["settlements"]
    days = [node["settled"] for node in first["nodes"] + rest["nodes"]]
    assert days == sorted(days, reverse=True)
    assert (len(set(days)), first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (8, True, False)
    assert first["edges"][-1]["cursor"] == first["pageInfo"]["endCursor"]


def test_a_cursor_of_another_connection_filter_or_agreement_is_refused_alike(client: Client) -> None:
    def cursor(agreement: str, connection: str) -> str:
        reply = client.ask(agreement, "{ c: " + connection + " { pageInfo { endCursor } } }")
        return reply.data["c"]["pageInfo"]["endCursor"]

    foreign = [
        cursor(CIVIL, "findings(first: 1)"),
        cursor(CIVIL, 'persons(first: 1, filter: {county: "370911"})'),
        cursor(AUDITOR, "findings(first: 1)"),
        "AAAA",
        "",
        "x" * 5000,
    ]
    query = "query P($c: String) { persons(first: 1, after: $c) { nodes { token } } }"
    replies = {client.ask(CIVIL, query, {"c": text}).text for text in foreign}
    assert len(replies) == 1
    assert "CURSOR_REFUSED" in replies.pop()


def test_an_error_in_every_row_is_told_once(client: Client) -> None:
    query = '{ persons(first: 20) { nodes { settlements(after: "AAAA") { nodes { total } } } } }'
    reply = client.ask(CIVIL, query)
    assert len(reply.errors) == 1
    assert reply.json["data"]["persons"]["nodes"][0]["settlements"] is None


def test_an_answer_is_one_statement_and_without_the_compiler_one_a_level(client: Client, plain: Client) -> None:
    query = """query P($n: Int!) { persons(first: $n) { nodes { token categories { category household { token } }
      enrolments { status } settlements(first: 2) { nodes { total } } households { household { county { code } } }
      entitlements { benefit outranked { category } } } } }"""
    counts = []
    for asked in (client, plain):
        for rows in (1, 30):
            with statements() as seen:
                asked.ask(CIVIL, query, {"n": rows})
            counts.append(len(seen))
    # publication, persons; categories, enrolments, settlements, memberships, entitlements; household twice, outranked
    assert counts == [1, 1, 10, 10]


def test_aliases_and_fragments_share_nothing_they_should_not(client: Client) -> None:
    query = """query P($t: String!) { a: person(token: $t) { ...F latest: settlements(first: 1) { nodes { settled } } }
      b: person(token: $t) { ...F more: settlements(first: 3, filter: {settledBefore: "2025-03-13"}) {
        nodes { settled } } } }
      fragment F on Person { name n: name ... on Person { birth } }"""
    data = client.ask(CIVIL, query, {"t": client.person(CIVIL, 1)}).data
    assert data["a"] == {"name": "王*", "n": "王*", "birth": "1960", "latest": {"nodes": [{"settled": "2025-03-17"}]}}
    assert [node["settled"] for node in data["b"]["more"]["nodes"]] == ["2025-03-12", "2025-03-11", "2025-03-10"]


def test_skip_and_include_are_honoured(client: Client) -> None:
    query = """query P($t: String!, $y: Boolean!) { person(token: $t) {
      name @include(if: $y) sex @skip(if: $y) categories @skip(if: $y) { category } } }"""
    asked = {"t": client.person(CIVIL, 1)}
    assert client.ask(CIVIL, query, {**asked, "y": True}).data["person"] == {"name": "王*"}
    assert client.ask(CIVIL, query, {**asked, "y": False}).data["person"] == {
        "sex": "MALE",
        "categories": [{"category": "DIBAO"}],
    }


def test_an_answer_is_one_snapshot(client: Client) -> None:
    """A publication that lands between two levels of an answer is not in it."""
    table = published["enrolment"]
    landed: list[int] = []

    def publish(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM person" in statement and not landed:
            landed.append(1)
            with client.engine.begin() as other:
                other.execute(table.update().values(status="ended"))
                world.carry(other)

    event.listen(sa.Engine, "after_cursor_execute", publish)
    try:
        query = "query P($t: String!) { person(token: $t) { enrolments { status } } }"
        asked = {"t": client.person(CIVIL, 1)}
        during = client.ask(CIVIL, query, asked).data["person"]["enrolments"]
        after = client.ask(CIVIL, query, asked).data["person"]["enrolments"]
    finally:
        event.remove(sa.Engine, "after_cursor_execute", publish)
        with client.engine.begin() as other:
            other.execute(table.update().values(status="normal"))
            world.carry(other)
    assert (during, after) == ([{"status": "NORMAL"}], [{"status": "ENDED"}])


def test_months_batches_documents_and_sources_are_there_for_the_auditor(client: Client) -> None:
    data = client.ask(
        AUDITOR,
        """{ month(month: "2025-11") { state computedAt publication
               participation { population listed rate target met } findings(first: 1) { nodes { kind } } }
             none: month(month: "2031-01") { state }
             batches(filter: {source: "civil_affairs"}) { nodes { id stream asOf } }
             batch(id: "1") { source { titleEn streams { name } } } nothing: batch(id: "zzz") { id }
             policyDocuments { id rules { key benefit categories } region { name } validUntil }
             divisions(within: "3703") { code name } top: divisions { name }
             sources { name } agreement { id purpose divisions grants { field } limits { name value } } }""",
    ).data
    assert data["month"] == {
        "state": "OPEN",
        "computedAt": "2025-12-05T01:02:03.000Z",
        "publication": 1,
        "participation": [
            {"population": "RURAL_LOW_INCOME", "listed": 1000, "rate": "0.9850", "target": "0.9900", "met": False}
        ],
        "findings": {"nodes": [{"kind": "ASSISTANCE_UNDERPAID"}]},
    }
    assert (data["none"], data["nothing"]) == (None, None)
    assert data["batches"]["nodes"] == [{"id": "2", "stream": "recipients", "asOf": "2025-11-30"}]
    assert data["divisions"] == [{"code": "370302", "name": "淄川区"}]
    assert [place["name"] for place in data["top"]] == ["山东省", "新疆维吾尔自治区"]
    assert data["policyDocuments"][1]["rules"][0]["key"] == "zichuan-2025/ma"
    assert data["agreement"]["purpose"] == "audit"
    assert {"name": "page", "value": 500} in data["agreement"]["limits"]


def test_the_closed_past_is_not_served(client: Client) -> None:
    reply = client.ask(
        AUDITOR, "query P($t: String!) { person(token: $t) { county { code } } }", {"t": client.person(AUDITOR, 1)}
    )
    assert reply.data["person"]["county"] == {"code": "370302"}
