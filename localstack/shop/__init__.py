"""A deployed Settle as its callers use it: a client, a seed, and the walkthroughs of the demo."""
