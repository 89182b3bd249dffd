"""What the broker keeps on its disk, and when it has it there."""
