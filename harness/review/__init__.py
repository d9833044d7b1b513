"""People's grades: events, files of them, and what they come to. Pure."""
