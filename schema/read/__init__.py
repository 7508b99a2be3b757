"""From a question to rows: what the graph's types stand on, one SQL a level, one snapshot a request."""
