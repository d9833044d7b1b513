"""Passages that are looked up before a question is asked, and what an answer cites of them.

`documents` are read and split into `passages`; `bm25` finds those that a question's words stand in,
`retriever` puts them into a prompt, and `citations` reads which of them an answer names. Pure but
for the tokenizer and the index, whose libraries are imported where they are used.
"""
