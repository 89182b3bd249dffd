"""Integers and scales for weights: `groups` for OpenVINO's kernels, `blocks` for ours."""
