import pytest

from bqmigrate.files import loader


@pytest.fixture
def read(tmp_path):
    """Load files given as {name: text} and return the MigrationSet."""

    def load(files):
        folder = tmp_path / "migrations"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return loader.load(folder, tmp_path)

    return load
