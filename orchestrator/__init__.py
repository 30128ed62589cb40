"""Meeting orchestration: from "created once" to "minutes distributed"."""

__version__ = "0.1.0"
