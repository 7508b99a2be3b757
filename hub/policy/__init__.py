"""Policy as data: documents with their citations, the tables they refer to, and what is in force where and when.

values -> reading -> table, document -> amounts -> check -> resolve -> relations: each imports only what stands before.
"""
