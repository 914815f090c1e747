"""GoogleSQL to DuckDB: pure translation, no I/O, no state.

    parse_script(text) -> Script                                 bqmigrate.local.sql.script
    bind_query(sql, tables, scope) -> BoundQuery                 bqmigrate.local.sql.binding
    bind_dml(sql, tables, scope) -> BoundDml
    bind_expression(sql, tables, scope, column=None) -> BoundQuery    one row, one column `value`; cast to `column`
    duckdb_type(column) -> str                                   bqmigrate.local.sql.types
    wire_select(sql, columns, use_int64=...) -> str              bqmigrate.local.sql.wire: one VARCHAR column `row`,
                                                                 the JSON text {"f":[{"v":...},...]} per row
    wire_value(text) -> Any                                      the "v" of the first cell of such a row (for Variable)
    load_rows(columns, rows, scope, ...) -> LoadedRows           bqmigrate.local.sql.load: VALUES to insert, or errors
    insert_sql(physical, columns, loaded) -> str
    default_sql(column, scope) -> str                            the DuckDB expression of a column's default
    runtime_error(error) -> WarehouseError                       bqmigrate.local.sql.errors: as BigQuery words it

`sql` is a str or an Sql (a slice that knows its place). No function takes or gives DuckDB parameters: values are
literals in the text. Everything refused raises WarehouseError: "invalidQuery" (400) with BigQuery's wording and
` at [line:column]`, "notFound" (404) for a table, "notImplemented" (501) for what has not been taught.
"""
