"""Jobs: write-once ids, effects committed with their records, results."""
