"""What holds for those who ask: the settings of their channel, and how much one person may ask."""
