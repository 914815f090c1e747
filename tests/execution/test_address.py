"""Where requests go: the login for Google goes to Google alone."""

import google.auth
import pytest
import requests
from google.oauth2.credentials import Credentials
from requests.adapters import BaseAdapter

from bqmigrate import Project
from bqmigrate.errors import CredentialsError


class Heard(BaseAdapter):
    """Writes down where requests go, and with what login."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.sent = inner, set()

    def send(self, request, **kwargs):
        self.sent.add((request.url.partition("/bigquery/")[0], request.headers.get("Authorization")))
        return self.inner.send(request, **kwargs)

    def close(self):
        self.inner.close()


@pytest.fixture
def heard(stand):
    stand.write("0001_app.yaml", "upgrade:\n  - create_dataset: {dataset: app}\n")
    stand.configure(f'[environments.prod]\nproject = "{stand.project}"\n')
    return Heard(stand.warehouse.adapter())


@pytest.mark.parametrize("domain", ["googleapis.com", "apis-s3ns.fr"])
def test_an_emulator_that_is_set_for_the_client_does_not_get_the_login_of_production(domain, heard, stand, monkeypatch):
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9050")
    login = Credentials(token="secret", universe_domain=domain)
    monkeypatch.setattr(google.auth, "default", lambda **_: (login, None))
    Project.open("prod", start=stand.root, transport=lambda _: heard).upgrade()
    assert heard.sent == {(f"https://bigquery.{domain}", "Bearer secret")}


def test_the_embedded_environment_follows_it_without_a_login(heard, stand, monkeypatch):
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9050")
    Project.open("local", start=stand.root, transport=lambda _: heard).upgrade()
    assert heard.sent == {("http://127.0.0.1:9050", None)}


def test_a_login_that_cannot_be_read_is_told(heard, stand, monkeypatch):
    def broken(**_):
        raise google.auth.exceptions.TransportError("no metadata server")

    monkeypatch.setattr(google.auth, "default", broken)
    with pytest.raises(CredentialsError, match="no usable Google credentials"):
        Project.open("prod", start=stand.root, transport=lambda _: heard).upgrade()


@pytest.mark.parametrize("made", [lambda path: path.mkdir(), lambda path: path.write_bytes(b"\xff{")])
def test_a_file_of_credentials_that_cannot_be_read_is_named(made, heard, stand, monkeypatch):
    path = stand.root / "login.json"
    made(path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(CredentialsError, match="no usable Google credentials") as caught:
        Project.open("prod", start=stand.root, transport=lambda _: heard).upgrade()
    assert str(path) in caught.value.where
    assert "(" not in caught.value.where
    assert heard.sent == set()


class Asks(Heard):
    """An endpoint that asks who is there."""

    def send(self, request, **kwargs):
        super().send(request, **kwargs)
        reply = requests.Response()
        reply.status_code, reply.request, reply.url, reply._content = 401, request, request.url, b"{}"
        return reply


def test_an_endpoint_that_asks_for_a_login_is_told_and_gets_none(heard, stand, monkeypatch):
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9050")
    asks = Asks(heard.inner)
    with pytest.raises(CredentialsError, match="the endpoint asks for a login") as caught:
        Project.open("local", start=stand.root, transport=lambda _: asks).upgrade()
    assert (caught.value.code, caught.value.exit_code) == ("BQM335", 2)
    assert {login for _, login in asks.sent} == {None}
