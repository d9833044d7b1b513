"""Reports: what a run folder says, as tables, Markdown, JSON and one offline page. Never evaluates."""
