"""The database: storing and querying looks and readings; independent of pages and networks."""
