import pytest

from bqmigrate.errors import RefusedError
from tests.execution.stand import DATASET


def widened(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write(
        "0002_t.yaml",
        "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: INTEGER, mode: REPEATED}]}\n",
    )
    stand.write("0003_wide.yaml", "upgrade:\n  - alter_columns: {table: app.t, columns: [{name: a, type: NUMERIC}]}\n")
    stand.upgrade()


def test_a_widened_array_comes_back_with_its_elements_in_order(stand):
    widened(stand)
    stand.query("INSERT INTO app.t (a) VALUES ([3, 1, 2]), ([])")
    assert stand.downgrade(allow_data_loss=True).reverted == ("0003",)
    assert stand.table("app.t")["schema"]["fields"][0]["type"] == "INTEGER"
    assert sorted(stand.query("SELECT a FROM app.t")) == [([],), ([3, 1, 2],)]


def test_an_array_with_an_element_that_does_not_fit_stays(stand):
    widened(stand)
    stand.query("INSERT INTO app.t (a) VALUES ([3, 1.5])")
    with pytest.raises(RefusedError, match="holds values that"):
        stand.downgrade(allow_data_loss=True)
    assert stand.states()["0003"] == "applied"
