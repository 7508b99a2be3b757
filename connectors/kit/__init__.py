"""The test kit: what every connector must pass, and what a department can run against its own endpoint.

1. `declaration` looks at how a stream is declared. 2. `endpoint` asks a live source a few pages and says what arrives;
nothing is landed and no value is told. 3. `storms` is a source that misbehaves on purpose, for tests: every connector
found by walking the folder is landed through every storm.
"""
