"""Local stand-ins that speak real HTTP, for running and testing without accounts."""
