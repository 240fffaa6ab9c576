"""The gateway's token check.

Owns: nothing; a token says it all.
Emits: nothing.
Reacts to: nothing.
Accepts: API Gateway's question who sends a request, with the headers of that request.
"""
