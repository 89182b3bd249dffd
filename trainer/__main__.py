"""`python -m trainer`: the command `train`."""

import gc

from trainer.command import train

if __name__ == "__main__":
    # What importing torch and transformers makes stays for good: looking for garbage in it
    # meanwhile takes a seventh of the start. `trainer.run.start` goes back to collecting.
    gc.disable()
    train(prog_name="python -m trainer")
