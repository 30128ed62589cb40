"""The commands of the command line, one module a noun; ``orchestrator.cli`` puts them together."""
