"""Add notes and rows"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

accounts = sa.table(
    "accounts", sa.column("account_id", sa.String), sa.column("opened_on", sa.Date), sa.column("visits", sa.Integer)
)


def upgrade():
    op.add_column("accounts", sa.Column("note", sa.String, comment="What to know."))
    op.add_column("accounts", sa.Column("visits", sa.Integer))
    op.alter_column("accounts", "account_id", nullable=True)
    rows = [{"account_id": f"a{n}", "opened_on": date(2026, 1, n + 1), "visits": n} for n in range(3)]
    op.bulk_insert(accounts, rows)
    op.execute(accounts.update().where(accounts.c.account_id == "a1").values(visits=10))


def downgrade():
    op.execute(accounts.delete().where(sa.true()))
    op.drop_column("accounts", "visits")
    op.drop_column("accounts", "note")
