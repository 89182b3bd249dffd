"""What trainer and workers say in English when they refuse or fail, and the same in Japanese."""
