"""The stores we read. One module per kind."""
