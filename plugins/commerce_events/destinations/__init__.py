"""The receivers of messages. One module per kind."""
