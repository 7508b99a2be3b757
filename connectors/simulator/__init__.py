"""The simulator plays the departments: real formats, planted dirt and findings, and the exact truth of both.

`world` makes a world, `server` lets its departments answer, `truth` says what the hub must make of it.
"""
