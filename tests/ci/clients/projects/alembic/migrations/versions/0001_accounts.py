"""Create accounts"""

import sqlalchemy as sa
from alembic import op
from google.cloud import bigquery

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String, nullable=False, comment="Identifies an account."),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("balance", sa.Numeric),
        sa.Column("tags", sa.ARRAY(sa.String)),
        comment="One row per account.",
        bigquery_time_partitioning=bigquery.TimePartitioning(field="opened_on", type_="MONTH"),
        bigquery_clustering_fields=["account_id"],
    )


def downgrade():
    op.drop_table("accounts")
