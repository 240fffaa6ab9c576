"""Runs all of Settle on one machine: the emulator, its deployment, tokens, seed data and the demo.

Nothing in here ships, and nothing in here talks to anything but this machine's loopback address.
"""
