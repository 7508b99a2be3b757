"""Landing beside its stage (hub/land.py): the ledger, snapshots kept as changes, doubt, quarantine and its life."""
