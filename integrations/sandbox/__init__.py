"""The sandbox: Graph, sign-in, mail and time on this machine, for trying everything without harm."""
