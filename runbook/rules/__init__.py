"""The rules, by what they are about; each is a small function over the evidence."""
