"""One file per command: read arguments, show, call, render."""
