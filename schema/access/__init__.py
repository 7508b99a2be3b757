"""Agreements told to people: what one grants and why, what a change of files widens, who sees what."""
