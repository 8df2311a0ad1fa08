"""The matrix of the scan, from its definition: small photos alone."""

import torch

from iaff.propagation.leaks import source_offset


def gate_matrix(gates, d):
    """P of one direction of one photo, filled gate by gate."""
    h, w = gates.shape[-2:]
    p = torch.zeros(h * w, h * w, dtype=gates.dtype)
    for r in range(h):
        for c in range(w):
            for k in range(3):
                dr, dc = source_offset(d, k)
                if 0 <= r + dr < h and 0 <= c + dc < w:
                    p[r * w + c, (r + dr) * w + c + dc] = gates[0, d, k, r, c]
    return p


def dense_direction(gates, d):
    """G of one direction of one photo, from the closed form (I - P)^-1 diag(1 - P 1)."""
    p = gate_matrix(gates, d)
    return torch.linalg.solve(torch.eye(len(p), dtype=p.dtype) - p, torch.diag(1 - p.sum(1)))


def dense(gates):
    """G of one photo: the mean of the four directions."""
    return sum(dense_direction(gates, d) for d in range(4)) / 4
