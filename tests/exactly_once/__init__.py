"""Exactly once, swept: faults below the official client, above the embedded warehouse; an oracle that trusts nobody."""
