"""What is done with a run after pytest has ended: `python -m harness COMMAND`, a file a command."""
