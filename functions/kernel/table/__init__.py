"""The door to a service's own table: items, guarded writes, indexes, pages, outbox and inbox."""
