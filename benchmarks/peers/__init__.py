"""Each file sends the messages of a JSON-lines file to an address, and prints what it took; no file of a peer
imports anything of ours."""
