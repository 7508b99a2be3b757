"""A connection as a file: CSV, NDJSON, XLSX, Parquet, under the same contract, row scope, masks and log as any answer.

document -> columns (what stands in a row) -> run (pages of one snapshot, each logged before it leaves) -> writers.
"""
