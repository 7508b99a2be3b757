"""What HTTP transports are made of: templates, paging, windows, authentication, and a client that trusts no answer."""
