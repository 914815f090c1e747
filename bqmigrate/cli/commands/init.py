"""`bqmigrate init`."""

from __future__ import annotations

from bqmigrate.cli.invocation import Invocation, here


def run(invocation: Invocation) -> int:
    """Write migrations.toml and migrations/; never overwrites."""
    from bqmigrate.cli.render import documents, files  # noqa: PLC0415  --help must not pay for it
    from bqmigrate.files import writer  # noqa: PLC0415

    root = here()
    done = writer.init(root)
    body = {"written": files.relative(done.written, root), "kept": files.relative(done.kept, root)}
    invocation.output.answer(
        documents.document(invocation.command, None, body), files.init_lines(body["written"], body["kept"])
    )
    return 0
