"""What is done to features between encoder and decoder (lesson 13)."""

from __future__ import annotations

from typing import get_args

import numpy as np

from ..errors import RecipeError
from ..moments import matching_matrix, moments
from ..options import Matching

_LEAST = 0.02  # of the features' root mean square


def match_features(
    features: np.ndarray, style: np.ndarray, matching: Matching = "optimal_transport"
) -> np.ndarray:
    """Give features the mean and covariance of a style's, by an affine map.

    Parameters
    ----------
    features, style : ndarray, float32, shape (h, w, N)
        Over their root mean square; sizes may differ.
    matching : {"mean_std", "cholesky", "symmetric", "optimal_transport"}
        "mean_std" is AdaIN, "symmetric" the whitening and coloring transform (WCT).

    Returns
    -------
    ndarray, float32, shape (h, w, N)

    Raises
    ------
    RecipeError
        If the matching is unknown.

    References
    ----------
    Huang, Belongie, ICCV 2017, arXiv:1703.06868: AdaIN, eq. 8.
    Li, Fang, Yang, Wang, Lu, Yang, NeurIPS 2017, arXiv:1705.08086: WCT.
    Lu, Zhao, Yao, Chen, Xu, Zhang, ICCV 2019, arXiv:1906.00668: optimal transport.
    """
    if matching not in get_args(Matching):
        raise RecipeError(f"Unknown matching {matching!r}; choose from {get_args(Matching)}.")
    own, wanted = (moments(maps.reshape(-1, maps.shape[-1])) for maps in (features, style))
    matrix = matching_matrix(own[1], wanted[1], matching, _LEAST)
    return ((features - own[0]) @ matrix.T + wanted[0]).astype(np.float32)
