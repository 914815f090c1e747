"""Deciding, without touching anything: targets, walks, plans."""
