"""A document under a contract as one SQL statement that returns the answer's text.

selection -> plan (a tree of what to write) -> statement (the tree as SQL) -> answer (its text, with holes filled).
What cannot be compiled is for the plain executor (schema/execution.py); both give the same bytes and the same log.
"""
