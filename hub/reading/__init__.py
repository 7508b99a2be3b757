"""Reading: a page of raw rows becomes typed, graded, hashed and sealed rows, or rejected ones with a reason."""
