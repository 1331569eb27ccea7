"""``explain``: the way from two levels to one, step by step, as a document in Markdown, LaTeX, HTML and plain text."""
