"""The AWS resources of Settle: constructs for each service, composed into stacks, for cloud and emulators.

A Lambda function is named by its handler string. Nothing of `functions/` is imported here.
"""
