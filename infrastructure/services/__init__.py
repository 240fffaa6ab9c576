"""One construct per service: its functions, what each may do, and what it listens to."""
