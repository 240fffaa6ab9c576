"""Measures a checkout on the embedded emulator, beside the code of another revision: `make bench`."""
