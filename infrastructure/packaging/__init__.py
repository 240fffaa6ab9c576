"""The code of a function: its own sources, the third-party packages that ship with them, and their size."""
