"""Files that nobody meant: odd, broken and hostile input through the front door, each case from a seed."""
