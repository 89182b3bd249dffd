"""One training: started or resumed, calibrated, looped, watched, saved."""
