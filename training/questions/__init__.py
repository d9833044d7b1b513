"""Question sets from documents: written by a chat model and checked by rule, or by rule alone."""
