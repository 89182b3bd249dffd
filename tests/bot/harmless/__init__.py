"""Whatever anybody writes, nothing that the bot sends pings anybody or is a link."""
