"""What we write: messages, calendar objects, wording, languages, feeds, digests."""
