"""${...}: a variable becomes a name inside of quotes, or nothing at all."""

import pytest

from bqmigrate.model.catalog import CatalogError
from bqmigrate.operations.placeholders import fill
from bqmigrate.operations.steps import Scope

SCOPE = Scope("some--project-1", "us--x", {"shop": "shop_1"}, {"v": "a--b", "w": "OR"})


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("SELECT 1", "SELECT 1"),
        ("`${variables.v}`", "`a--b`"),
        ("`p.${datasets.shop}.${variables.v}-x`", "`p.shop_1.a--b-x`"),
        ("'${variables.v}'", "'a--b'"),
        ("'''\n'${variables.v}''' ", "'''\n'a--b''' "),
        ("-- ${variables.v}\n1", "-- a--b\n1"),
        ("/* ${variables.v} */ 1", "/* a--b */ 1"),
        ("`region-${location}`", "`region-us--x`"),
        ("${datasets.shop}.t", "shop_1.t"),
        ("${datasets.other}.t", "other.t"),
        ("${variables.v", "${variables.v"),
        ("${ project } ${PROJECT} ${x}", "${ project } ${PROJECT} ${x}"),
        ("`${${project}}`", "`${some--project-1}`"),
    ],
)
def test_a_placeholder_is_filled(text, filled):
    assert fill(text, SCOPE) == filled


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM ${variables.v} WHERE a = 1",
        "SELECT 1 WHERE a = 1 ${variables.w} TRUE",
        "'a' ${variables.v} 'b'",
        "`a`${variables.v}",
        "'it\\'s ${variables.v}",
        "'a\r${variables.v}'",
        "-- a\r${variables.v}",
    ],
)
def test_a_variable_outside_of_quotes_is_refused(text):
    with pytest.raises(CatalogError, match="stands outside of quotes: a name goes in backticks"):
        fill(text, SCOPE)


@pytest.mark.parametrize(
    "text", ["SELECT * FROM ${project}.a.b WHERE x", "FROM region-${location}.INFORMATION_SCHEMA.TABLES"]
)
def test_a_project_or_location_that_would_begin_a_comment_is_refused(text):
    with pytest.raises(CatalogError, match="which needs quotes: put the name in backticks"):
        fill(text, SCOPE)


@pytest.mark.parametrize("project", ["some-project-1", "example"])
def test_a_plain_project_needs_no_quotes(project):
    assert fill("FROM ${project}.a.b", Scope(project, "US")) == f"FROM {project}.a.b"
