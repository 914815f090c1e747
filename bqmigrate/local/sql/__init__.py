"""GoogleSQL to DuckDB: pure translation, no I/O, no state.

    script.parse_script(text) -> Script                            statements as values (nodes.py)
    binding.bind_query(sql, tables, scope) -> BoundQuery           .sql, .columns, .tables
    binding.bind_dml(sql, tables, scope) -> BoundDml               .checks, then .sql; .kind, .target, .tables
    binding.bind_expression(sql, tables, scope, column=None)       one row, one column `value`; coerced to `column`
    defaults.default_sql(column, scope) -> str                     what a column holds when nothing was given for it
    types.duckdb_type(column) -> str                               where its values live
    wire.wire_select(sql, columns, use_int64=...) -> str           rows for
    wire.wire_row(row, columns) -> {"f": [{"v": ...}, ...]}        the REST form of one
    wire.wire_value(row, columns) -> Any                           the "v" of its first cell (for bound.Variable)
    load.load_rows(columns, rows, scope, ignore_unknown=...)       JSON rows -> LoadedRows: texts, and errors per row
    load.insert_sql(physical, columns, loaded) -> str
    errors.runtime_error(error) -> WarehouseError                  DuckDB's words as BigQuery's

`sql` is a str or an Sql (a slice that knows its place). Nothing takes or gives DuckDB parameters: values are literals
in the text. Everything refused raises WarehouseError: "invalidQuery" (400) in BigQuery's words with ` at
[line:column]`, "notFound" (404) for a table, "notImplemented" (501) for what has not been taught. The DuckDB session
must have TimeZone UTC.

How a query goes through: tokens -> parsing (each taught function is renamed, so that sqlglot keeps it as written) ->
names (tables found, sqlglot's `qualify` binds columns and expands stars) -> queries, sources, expressions: one typed
walk in which every kind of node has an entry that checks its operands and writes its DuckDB text. What has no entry is
refused. sqlglot's own type annotation and DuckDB generator are not used: of what they let through or rewrite, too much
was wrong without an error.
"""
