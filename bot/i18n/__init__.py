"""Every sentence the bot says, in Japanese and English, and the units in them."""
