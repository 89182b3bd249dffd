"""Every sentence the bot says, in Japanese and English, and the numbers and units in them."""
