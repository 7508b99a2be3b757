"""Which categories a person holds in the published month's benefit year stands in the person's row, as bits."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CODES = (
    "tekun", "orphan", "defacto_orphan", "dibao", "dibao_edge", "fanpin_zhipin",
    "mon_unstable", "mon_edge", "mon_sudden", "stable_out", "illness_poor", "expend_hard",
)  # fmt: skip
BITS = " + ".join(f"max(CASE category WHEN '{code}' THEN {1 << place} ELSE 0 END)" for place, code in enumerate(CODES))
FILL = f"""UPDATE person SET held = coalesce((SELECT {BITS} FROM category_spell AS s
WHERE s.person_id = person.person_id AND s.pub_until IS NULL AND s.valid_until > :since), 0) WHERE pub_until IS NULL"""


def upgrade() -> None:
    op.add_column("person", sa.Column("held", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    month = connection.scalar(sa.text("SELECT month FROM publication ORDER BY publication DESC LIMIT 1"))
    if month is not None:
        fill = sa.text(FILL).bindparams(sa.bindparam("since", date(int(month[:4]), 1, 1), sa.Date()))
        connection.execute(fill)


def downgrade() -> None:
    op.drop_column("person", "held")
