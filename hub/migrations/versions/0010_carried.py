"""What is read with most persons stands in the person's row too: `carried`, filled where PostgreSQL is the store."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LISTS = {
    "category_spell": (
        "category, valid_from, valid_until, region",
        "valid_from DESC, category DESC, household_key DESC, person_id DESC, row_digest DESC, row_id DESC",
    ),
    "enrolment": (
        "insutype, status, valid_from, valid_until, region",
        "valid_from DESC, insutype DESC, region DESC",
    ),
}
MADE = ", ".join(
    f"""'{name}', (SELECT coalesce(jsonb_agg(jsonb_build_array({columns}) ORDER BY {order}), '[]'::jsonb)
    FROM {name} AS t WHERE t.person_id = person.person_id AND t.pub_until IS NULL)"""
    for name, (columns, order) in LISTS.items()
)


def upgrade() -> None:
    kind = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("person", sa.Column("carried", kind, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"UPDATE person SET carried = jsonb_build_object({MADE}) WHERE pub_until IS NULL")


def downgrade() -> None:
    op.drop_column("person", "carried")
