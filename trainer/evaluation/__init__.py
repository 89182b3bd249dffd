"""Did it help? Losses and sample answers of base and adapter, the verdict, the curve."""
