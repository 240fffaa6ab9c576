"""A deployed Settle as its callers use it: a client, tokens, a seed, and the scenarios of the demo."""
