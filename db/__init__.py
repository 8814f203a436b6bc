"""Keeping what portals showed, and asking about it; knows nothing of pages or networks."""
