"""When a lane whose server is away is tried again."""
