"""Whether an adapter helps: losses and sample answers of base and adapter, verdict, loss curve."""
