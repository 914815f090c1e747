"""Running a plan: the only folder that changes anything."""
