"""The console: pages for coordinators and ops, rendered here, working without JavaScript."""
