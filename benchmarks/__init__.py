"""What the bot takes and how fast it answers, measured beside the SDK's own echo example."""
