"""What a run folder says: tables, Markdown, JSON and one offline page. Never evaluates."""
