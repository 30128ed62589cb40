"""Adapters of the ports: everything that talks to the network, the disk or the system clock."""
