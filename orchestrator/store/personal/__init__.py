"""What personal links read and write."""
