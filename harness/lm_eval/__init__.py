"""lm-evaluation-harness: its tasks as suites of ours, its prompts in our own suites.

library.py     brings lm-eval in: quietly, offline, a task with its data
lookup.py      a task by its name, groups told by their tasks
faults.py      what is wrong with a YAML file, its functions or its data
identity.py    what makes two of its tasks the same
model.py       an lm-eval model that asks our engines
judging.py     what lm-eval judged, as rows and figures of ours
task.py        one of its tasks as a suite
leaderboard.py its prompts for jsquad and marc_ja

lm-eval does prompts, filters, metrics and their aggregation; asking, storing and intervals are
ours.
"""
