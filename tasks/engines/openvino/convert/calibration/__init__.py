"""Which columns of a model's matrices matter: `importance`, measured on a `streamed` model."""
