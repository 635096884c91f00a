"""Where records come from: one package or module per kind of store."""
