"""Sealing at the edge: departments seal identifiers to the hub's public key before their files travel."""
