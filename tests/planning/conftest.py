import pytest

from tests.planning.builders import Folder


@pytest.fixture
def folder():
    return Folder()
