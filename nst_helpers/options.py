"""The closed sets of names that settings choose from, in one place for losses and recipes."""

from typing import Literal

Pooling = Literal["max", "average"]
Padding = Literal["zero", "reflect"]
Activation = Literal["relu", "linear"]
Preprocessing = Literal["caffe", "none"]
Precision = Literal["auto", "float32", "bfloat16"]

ContentNormalization = Literal["paper", "sum", "mean"]
GramNormalization = Literal["positions", "sum"]
StyleStatistic = Literal[
    "gram", "mean_covariance", "wasserstein", "sliced", "shifted_gram", "transport", "neighbors"
]
StyleNormalization = Literal["paper", "mean", "mean_per_channel"]
VariationNormalization = Literal["squared_mean", "absolute_sum"]
LayerWeighting = Literal["mean", "one", "inverse_square"]

SizeRule = Literal["longest", "shortest", "area"]
Resample = Literal["lanczos", "bilinear"]

ColorSpace = Literal["lab", "oklab"]
Matching = Literal["mean_std", "cholesky", "symmetric", "optimal_transport"]
Color = Literal[
    "style", "luminance", "match_cholesky", "match_symmetric", "match_optimal_transport"
]

Start = Literal["content", "style", "gray", "noise", "blurred", "edges"]
OptimizerName = Literal["adam", "lbfgs"]
