"""One hook per kind of connection: it yields a configured session and typed settings."""
