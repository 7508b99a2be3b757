"""The entities: which table stands under which type, in what order it is paged, whose rows it holds."""

from __future__ import annotations

import sqlalchemy as sa

from hub import store
from hub.log.subjects import JOINED
from hub.store import published
from schema.graph import scope
from schema.read.model import Condition, Entity, Period, Table
from schema.read.times import Then


def _lasting(name: str) -> Period:
    """A type whose rows hold for a half-open period."""

    def on(table: Table, then: Then) -> Condition:
        return sa.and_(table.c.valid_from <= then.day, table.c.valid_until > then.day)

    return Period(sql=on, by=(f"{name}.validFrom", f"{name}.validUntil"))


def _monthly(name: str) -> Period:
    """A type whose rows are of a month."""

    def on(table: Table, then: Then) -> Condition:
        found: Condition = table.c.month == then.month
        return found

    return Period(sql=on, by=(f"{name}.month",))


PERSON = Entity(name="Person", table=published["person"], order=("person_id",), subject="person_id", place=scope.person)
HOUSEHOLD = Entity(name="Household", table=published["household"], order=("household_key",), place=scope.household)
MEMBER = Entity(
    name="HouseholdMember",
    table=published["household_member"],
    order=("household_key", "person_id", "valid_from"),
    subject="person_id",
    place=scope.of_person,
    period=_lasting("HouseholdMember"),
)
CATEGORY_SPELL = Entity(
    name="CategorySpell",
    table=published["category_spell"],
    order=("valid_from", "category", "source", "household_key", "person_id"),
    descending=True,
    subject="person_id",
    place=scope.of_person,
    rows=scope.among(category="categories", certifier="certifiers"),
    period=_lasting("CategorySpell"),
)
IDENTITY_TAG = Entity(
    name="IdentityTag",
    table=published["identity_tag"],
    order=("valid_from", "category"),
    descending=True,
    subject="person_id",
    place=scope.of_person,
    rows=scope.among(category="categories"),
    period=_lasting("IdentityTag"),
)
ENROLMENT = Entity(
    name="Enrolment",
    table=published["enrolment"],
    order=("valid_from", "insutype", "region"),
    descending=True,
    subject="person_id",
    place=scope.of_person,
    period=_lasting("Enrolment"),
)
SUBSIDY = Entity(
    name="Subsidy",
    table=published["subsidy"],
    order=("year", "payer", "paid", "batch_id", "line", "ordinal"),
    descending=True,
    subject="person_id",
    place=scope.of_person,
)
SETTLEMENT = Entity(
    name="Settlement",
    table=published["settlement"],
    order=("settled", "setl_id"),
    descending=True,
    subject="person_id",
    place=scope.of_person,
)
ENTITLEMENT = Entity(
    name="Entitlement",
    table=published["entitlement"],
    order=("valid_from", "benefit"),
    descending=True,
    subject="person_id",
    place=scope.of_person,
    rows=scope.among(benefit="benefits"),
    period=_lasting("Entitlement"),
)
CANDIDATE = Entity(
    name="Candidate",
    table=published["entitlement_candidate"],
    order=("place",),
    subject="person_id",
    place=scope.of_person,
    rows=scope.among(benefit="benefits", category="categories"),
)
PAYMENT = Entity(
    name="Payment",
    table=published["payment"],
    order=("benefit", "rule_key"),
    subject="person_id",
    place=scope.of_person,
    rows=scope.among(benefit="benefits", category="categories"),
)
FINDING = Entity(
    name="Finding",
    table=published["finding"],
    order=("month", "kind", "person_id", "household_key", "subject"),
    subject="person_id",
    place=scope.case,
    rows=scope.among(kind="findings", addressee="addressees"),
    period=_monthly("Finding"),
)
WARNING = Entity(
    name="Warning",
    table=published["warning"],
    order=("month", "case_key", "addressee", "rule_key", "person_id"),
    subject="person_id",
    place=scope.case,
    rows=scope.among(addressee="addressees"),
    period=_monthly("Warning"),
)
FEEDBACK = Entity(  # whose case it is, is in scope: its parent's
    name="Feedback", table=store.feedback, identity="seq", order=("seq",), descending=True, subject="person_id"
)
PARTICIPATION = Entity(
    name="Participation",
    table=published["participation"],
    order=("month", "pooling_area", "population"),
    rows=scope.pooling_area,
)
MONTH = Entity(name="Month", table=store.month, identity="month", order=("month",), descending=True)
BATCH = Entity(name="Batch", table=store.batch, identity="batch_id", order=("batch_id",), descending=True)
RECORD = Entity(name="Record", table=store.batch, identity="batch_id", order=("batch_id",))
ACCESS = Entity(name="AccessEntry", table=store.access_log, identity="seq", order=("seq",), descending=True)
ACCESS_OF_PERSON = Entity(
    name="AccessEntry",
    table=sa.select(store.access_log, store.access_subject.c.person_id).select_from(JOINED).subquery(),
    identity="seq",
    order=("seq",),
    descending=True,
)
