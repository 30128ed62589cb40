"""Running the service and looking after it."""
