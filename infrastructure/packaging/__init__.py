"""What a function's code is made of: its own sources, the packages that ship with them, and their weight."""
