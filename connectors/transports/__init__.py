"""Ways for rows to arrive, shared by sources: one file each, beside what they share."""
