"""Running one training: start or resume, calibrate, loop, watch, save."""
