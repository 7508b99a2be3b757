"""The tables a month is made of: declared once, used by the SQL, the lake, the digest and the store.

Types are the common subset of both engines: BIGINT (money in fen, person_id, batch_id), INTEGER (lines, basis
points, years), VARCHAR, DATE, BOOLEAN. Spells are half-open by day, [valid_from, valid_until); open is 9999-12-31.
`key` names a row within its table; `record` columns (batch_id, line) lead back to the source's row, and
`record_digest` is a keyed digest of that row's content (hub/reading/rows.py).

"Identical" means: SHA-256 over canonical rows, columns in declared order, rows sorted by key (pins.md).
"""

from dataclasses import dataclass

OPEN = "9999-12-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A derived table: `columns` maps name to SQL type in declared order; `key` names its rows."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    monthly: bool = False  # True: rows belong to one month and never leave it; False: the state as last published


RECORD = {"batch_id": "BIGINT", "line": "INTEGER", "record_digest": "VARCHAR"}

PERSON = Table(
    name="person",
    key=("person_id",),
    columns={
        "person_id": "BIGINT",
        "name_masked": "VARCHAR",  # 张*
        "sex": "VARCHAR",  # 1 male, 2 female, NULL unknown
        "birth": "DATE",
        "ethnic": "VARCHAR",
        "rural": "BOOLEAN",
        "residence": "VARCHAR",  # the most local division known: 9 digits township, else 6 digits county
        "county": "VARCHAR",  # first six digits of residence
        "death": "DATE",
        "id_grade": "VARCHAR",
        **RECORD,
    },
)

HOUSEHOLD = Table(
    name="household",
    key=("household_key",),
    columns={
        "household_key": "VARCHAR",  # source ':' household number
        "source": "VARCHAR",
        "residence": "VARCHAR",
        "county": "VARCHAR",
    },
)

HOUSEHOLD_MEMBER = Table(
    name="household_member",
    key=("household_key", "person_id", "valid_from"),
    columns={
        "household_key": "VARCHAR",
        "person_id": "BIGINT",
        "valid_from": "DATE",
        "valid_until": "DATE",
        "covered": "BOOLEAN",  # does the household's category reach this person
        "relation": "VARCHAR",
        **RECORD,
    },
)

CATEGORY_SPELL = Table(
    name="category_spell",
    key=("person_id", "category", "source", "household_key", "valid_from"),
    columns={
        "person_id": "BIGINT",
        "category": "VARCHAR",
        "valid_from": "DATE",
        "valid_until": "DATE",
        "region": "VARCHAR",  # county where the category is held (certified)
        "rural": "BOOLEAN",  # as the source tells it; NULL where it does not
        "certified": "DATE",
        "certifier": "VARCHAR",  # department
        "household_key": "VARCHAR",  # '' where there is none
        "source": "VARCHAR",
        "stream": "VARCHAR",
        **RECORD,
    },
)

IDENTITY_TAG = Table(  # what medical insurance shows as a person's identity (idetinfo): a copy, not a certification
    name="identity_tag",
    key=("person_id", "category", "valid_from"),
    columns={
        "person_id": "BIGINT",
        "category": "VARCHAR",
        "valid_from": "DATE",
        "valid_until": "DATE",
        "region": "VARCHAR",
        **RECORD,
    },
)

ENROLMENT = Table(
    name="enrolment",
    key=("person_id", "insutype", "region", "valid_from"),
    columns={
        "person_id": "BIGINT",
        "insutype": "VARCHAR",
        "status": "VARCHAR",  # normal | paused | ended
        "valid_from": "DATE",
        "valid_until": "DATE",
        "region": "VARCHAR",  # county of insurance (insuplc_admdvs)
        "pooling_area": "VARCHAR",
        **RECORD,
    },
)

SUBSIDY = Table(
    name="subsidy",
    key=("person_id", "batch_id", "line", "ordinal"),
    columns={
        "person_id": "BIGINT",
        "year": "INTEGER",
        "payer": "VARCHAR",
        "amount": "BIGINT",
        "paid": "DATE",
        "ordinal": "INTEGER",  # place in the row's list: two equal payments are two
        **RECORD,
    },
)

SETTLEMENT = Table(
    name="settlement",
    key=("setl_id",),
    columns={
        "setl_id": "VARCHAR",
        "visit_id": "VARCHAR",
        "person_id": "BIGINT",
        "insutype": "VARCHAR",
        "setting": "VARCHAR",  # inpatient | outpatient_chronic | outpatient
        "hospital_level": "VARCHAR",
        "admitted": "DATE",
        "discharged": "DATE",
        "settled": "DATE",
        "region": "VARCHAR",  # county of insurance
        "total": "BIGINT",
        "scope": "BIGINT",
        "deductible": "BIGINT",
        "basic_paid": "BIGINT",
        "serious_illness_paid": "BIGINT",
        "medical_assistance_paid": "BIGINT",
        "tilt_paid": "BIGINT",
        "self_in_scope": "BIGINT",  # scope less the four payers
        "cash_paid": "BIGINT",
        "cancelled": "BOOLEAN",  # taken back by a refund pair: both halves stay, neither counts
        **RECORD,
    },
)

ENTITLEMENT = Table(
    name="entitlement",
    key=("person_id", "benefit", "valid_from"),
    columns={
        "person_id": "BIGINT",
        "benefit": "VARCHAR",
        "valid_from": "DATE",
        "valid_until": "DATE",
        "category": "VARCHAR",  # the winner's
        "region": "VARCHAR",
        "rule_key": "VARCHAR",  # document id '/' rule id
        "document": "VARCHAR",
        "article": "VARCHAR",
        "determined": "BOOLEAN",
        "undetermined_reason": "VARCHAR",
        "annual_amount": "BIGINT",  # on the person's own costs of the year so far; NULL where undetermined
        "mode": "VARCHAR",
    },
)

CANDIDATE = Table(  # every rule that reached the person, the winner (place 1) and what it outranked, with the reason
    name="entitlement_candidate",
    key=("person_id", "benefit", "valid_from", "place"),
    columns={
        "person_id": "BIGINT",
        "benefit": "VARCHAR",
        "valid_from": "DATE",
        "valid_until": "DATE",
        "place": "INTEGER",
        "category": "VARCHAR",
        "region": "VARCHAR",
        "rule_key": "VARCHAR",
        "document": "VARCHAR",
        "article": "VARCHAR",
        "determined": "BOOLEAN",
        "annual_amount": "BIGINT",
        "reason": "VARCHAR",  # winner | lower_amount | lower_rank | code_order | undetermined | other_region
        **RECORD,  # the category spell's row
    },
)

PAYMENT = Table(  # what each layer pays of each settlement; amount NULL where undetermined
    name="payment",
    key=("setl_id", "benefit", "rule_key"),
    columns={
        "setl_id": "VARCHAR",
        "person_id": "BIGINT",
        "benefit": "VARCHAR",
        "category": "VARCHAR",
        "base": "BIGINT",  # what the rule counts of this settlement
        "line": "BIGINT",  # what was left of the line
        "ratio": "INTEGER",  # NULL: tiers
        "amount": "BIGINT",
        "cap_left": "BIGINT",  # after this settlement; NULL: no cap
        "rule_key": "VARCHAR",
        "document": "VARCHAR",
        "article": "VARCHAR",
        "determined": "BOOLEAN",
        "reason": "VARCHAR",  # why undetermined
    },
)

FINDING = Table(
    name="finding",
    monthly=True,
    key=("month", "kind", "person_id", "household_key", "subject"),
    columns={
        "month": "VARCHAR",  # yyyy-MM
        "kind": "VARCHAR",
        "person_id": "BIGINT",  # -1 where the finding is not of a person
        "household_key": "VARCHAR",  # '' where there is none
        "subject": "VARCHAR",  # what else names the finding: a category pair, a payer; '' where nothing does
        "county": "VARCHAR",
        "severity": "VARCHAR",
        "addressee": "VARCHAR",
        "deadline": "DATE",
        "category": "VARCHAR",
        "expected": "BIGINT",
        "actual": "BIGINT",
        "state": "VARCHAR",  # new | persisting | reopened | cleared
        "first_month": "VARCHAR",
        "adjusts_month": "VARCHAR",
        **RECORD,
    },
)

WARNING = Table(
    name="warning",
    monthly=True,
    key=("month", "case_key", "addressee", "rule_key", "person_id"),
    columns={
        "month": "VARCHAR",
        "case_key": "VARCHAR",  # household, else person: one open case per household, addressee and line
        "person_id": "BIGINT",
        "household_key": "VARCHAR",
        "county": "VARCHAR",
        "category": "VARCHAR",
        "addressee": "VARCHAR",
        "burden": "BIGINT",
        "threshold": "BIGINT",
        "rule_key": "VARCHAR",
        "document": "VARCHAR",
        "article": "VARCHAR",
        "state": "VARCHAR",  # new | persisting | reopened | cleared
        "first_month": "VARCHAR",
    },
)

PARTICIPATION = Table(
    name="participation",
    monthly=True,
    key=("month", "pooling_area", "population"),
    columns={
        "month": "VARCHAR",
        "pooling_area": "VARCHAR",
        "population": "VARCHAR",  # rural_low_income | out_of_poverty
        "listed": "BIGINT",
        "insured": "BIGINT",
        "rate": "INTEGER",  # basis points, rounded down: 98.999 % is not 99 %
        "target": "INTEGER",
        "met": "BOOLEAN",
    },
)

STATE = (
    PERSON, HOUSEHOLD, HOUSEHOLD_MEMBER, CATEGORY_SPELL, IDENTITY_TAG, ENROLMENT, SUBSIDY, SETTLEMENT,
    ENTITLEMENT, CANDIDATE, PAYMENT,
)  # fmt: skip
MONTHLY = (FINDING, WARNING, PARTICIPATION)
PUBLISHED: dict[str, Table] = {table.name: table for table in (*STATE, *MONTHLY)}
