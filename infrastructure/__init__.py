"""What AWS is asked for: constructs per service, composed into stacks, for the cloud and two emulators.

Functions are named by their handler strings; nothing from `functions/` is imported here.
"""
