"""The demo: the example meetings go through their whole life in a minute, and what came is judged."""
