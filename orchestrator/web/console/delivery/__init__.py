"""What the sandbox has caught."""
