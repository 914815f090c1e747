"""What each statement does to catalog and rows."""
