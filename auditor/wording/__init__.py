"""Reading of short label texts: words from data files, tokens, what they count, and how the parts make a regimen."""
