"""What happens to records, in the order it happens: land -> match -> merge -> reconcile -> publish."""

__version__ = "0.1.0"
