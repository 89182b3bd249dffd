"""`python -m trainer`: the command `train`."""

from trainer.command import train

if __name__ == "__main__":
    train(prog_name="python -m trainer")
