"""The front door of binding."""

from bqmigrate.local.sql.dml import bind_dml
from bqmigrate.local.sql.translate import bind_expression, bind_query

__all__ = ["bind_dml", "bind_expression", "bind_query"]
