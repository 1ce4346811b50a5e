"""What the pages share: the opened data, charts, words and small pieces of page."""
