"""The gateway's token check.

Owns: nothing; the token says who the caller is, and a keyed hash of it is the caller's id.
Emits: nothing.
Reacts to: nothing.
Accepts: the headers of a request, from API Gateway, which asks who sends the request.
"""
