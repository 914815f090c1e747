"""Looking things up in a catalog that may be opaque: after SQL or Python, what is not listed may exist."""

from __future__ import annotations

from bqmigrate.model.catalog import Catalog, CatalogError, Table, View
from bqmigrate.model.names import TableName


def table(catalog: Catalog, name: TableName) -> Table | None:
    """Return a table; None when only the warehouse can know it. Raises CatalogError when it is not there."""
    found = catalog.tables.get(name)
    if found is None and name in catalog.views:
        raise CatalogError(f"{name} is a view, not a table")
    if found is None and not catalog.opaque:
        raise CatalogError(f"table {name} does not exist at this point{_near(catalog, name)}")
    return found


def view(catalog: Catalog, name: TableName) -> View | None:
    """Return a view; None when only the warehouse can know it. Raises CatalogError when it is not there."""
    found = catalog.views.get(name)
    if found is None and name in catalog.tables:
        raise CatalogError(f"{name} is a table, not a view")
    if found is None and not catalog.opaque:
        raise CatalogError(f"view {name} does not exist at this point")
    return found


def free(catalog: Catalog, name: TableName) -> None:
    """Check that a new table or view can have this name. Raises CatalogError."""
    if name in catalog.tables or name in catalog.views:
        raise CatalogError(f"{name} exists already at this point")
    if name.dataset not in catalog.datasets and not catalog.opaque:
        raise CatalogError(f"dataset {name.dataset} does not exist at this point: create_dataset comes first")


def _near(catalog: Catalog, name: TableName) -> str:
    import difflib  # noqa: PLC0415 - only needed on the way to an error

    near = difflib.get_close_matches(str(name), [str(t) for t in catalog.tables], n=1)
    return f" (did you mean {near[0]}?)" if near else ""
