"""What a user of sqlalchemy-bigquery writes to bring a client of his own; BIGQUERY_EMULATOR_HOST says where to."""

from alembic import context
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from sqlalchemy import create_engine

PROJECT, DATASET = "shop", "sales"

client = bigquery.Client(
    project=PROJECT,
    credentials=AnonymousCredentials(),
    default_query_job_config=bigquery.QueryJobConfig(default_dataset=f"{PROJECT}.{DATASET}"),
)
engine = create_engine(f"bigquery://{PROJECT}/{DATASET}?user_supplied_client=True", connect_args={"client": client})
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
