"""What a proxy on the way makes of `Date` must not end up in the history."""

from __future__ import annotations

import pytest
from requests.adapters import BaseAdapter

from bqmigrate import Project
from bqmigrate.execution.lease import Clocks
from tests.execution.limited import limited


class Proxy(BaseAdapter):
    """Rewrites one header of every answer."""

    def __init__(self, inner, rewrite):
        super().__init__()
        self.inner, self.rewrite = inner, rewrite

    def send(self, request, **kwargs):
        response = self.inner.send(request, **kwargs)
        date = self.rewrite(response.headers.pop("Date"))
        if date is not None:
            response.headers["Date"] = date
        return response

    def close(self):
        self.inner.close()


REWRITTEN = {
    "twice": lambda date: f"{date}, {date}",
    "without its zone": lambda date: date.replace("GMT", "-0000"),
    "nonsense": lambda _: "yesterday",
    "gone": lambda _: None,
}


@pytest.mark.parametrize("rewrite", REWRITTEN.values(), ids=REWRITTEN)
def test_the_history_is_whole_whatever_a_proxy_makes_of_the_date(tmp_path, rewrite):
    with limited(tmp_path) as stand:
        stand.users().columns(3, 3)

        def project():
            return Project.open(
                start=stand.root,
                environ={},
                transport=lambda _: Proxy(stand.warehouse.adapter(), rewrite),
                clocks=Clocks(stand.timeline.monotonic, stand.timeline.sleep),
            )

        assert project().upgrade().applied == ("0001", "0002", "0003")
        assert project().downgrade("0002").reverted == ("0003",)
        assert project().upgrade().applied == ("0003",)
        assert project().history().halfway == ()
