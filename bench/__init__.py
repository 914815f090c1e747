"""What a run costs, measured: `python -m bench`."""
