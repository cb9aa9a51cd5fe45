"""The operators of ai.onnx.ml.

ONNX Runtime departs from the text of the standard in three places, which no case touches: the label of a two-class tree
ensemble with votes for both classes is not that of the highest score; post_transform 1 and 2 of TreeEnsemble are swapped;
of repeated keys of LabelEncoder the first one counts.
"""

from __future__ import annotations

import numpy as np
from cases import ML, Case, floats, listed, rng, single
from onnx import numpy_helper


def ml(name: str, op: str, inputs: list, outputs: int = 1, **attributes) -> Case:
    return single(name, op, inputs, outputs, domain=ML, **attributes)


def linear_classifier(name: str, rows: int, features: int, scores: int, labels: list, dtype=np.float32, **attributes) -> Case:
    r = rng(name)
    x = (floats(r, rows, features) * 3).astype(dtype)
    kind = "classlabels_strings" if isinstance(labels[0], str) else "classlabels_ints"
    attributes[kind] = labels
    return ml(name, "LinearClassifier", [x], 2, coefficients=listed(floats(r, scores, features)), intercepts=listed(floats(r,
        scores)), **attributes)


def linear_regressor(name: str, rows: int, features: int, targets: int, intercepts=True, **attributes) -> Case:
    r = rng(name)
    if intercepts:
        attributes["intercepts"] = listed(floats(r, targets))
    return ml(name, "LinearRegressor", [floats(r, rows, features)], coefficients=listed(floats(r, targets, features)),
        targets=targets, **attributes)


def svm_classifier(name: str, rows: int, features: int, labels: list, vectors: list | None, kernel: str = "LINEAR", proba=False,
    dtype=np.float32, **attributes) -> Case:
    r = rng(name)
    classes = len(labels)
    pairs = classes * (classes - 1) // 2
    attributes["classlabels_strings" if isinstance(labels[0], str) else "classlabels_ints"] = labels
    if vectors is None:
        attributes.update(coefficients=listed(floats(r, classes, features)), rho=listed(floats(r, 1)))
    else:
        total = sum(vectors)
        attributes.update(
            coefficients=listed(floats(r, classes - 1, total)),
            rho=listed(floats(r, pairs)),
            support_vectors=listed(floats(r, total, features)),
            vectors_per_class=vectors,
        )
    if proba:
        attributes.update(prob_a=listed(floats(r, pairs)), prob_b=listed(floats(r, pairs)))
    x = (floats(r, rows, features) * 2).astype(dtype)
    return ml(name, "SVMClassifier", [x], 2, kernel_type=kernel, kernel_params=[0.4, 0.5, 2.0], **attributes)


def svm_regressor(name: str, rows: int, features: int, supports: int, kernel: str = "LINEAR", **attributes) -> Case:
    r = rng(name)
    if supports:
        attributes.update(coefficients=listed(floats(r, supports)), support_vectors=listed(floats(r, supports, features)))
    else:
        attributes.update(coefficients=listed(floats(r, features)))
    return ml(
        name, "SVMRegressor", [floats(r, rows, features)], kernel_type=kernel, kernel_params=[0.3, 1.0, 3.0],
            n_supports=supports, rho=listed(floats(r, 1)), **attributes
    )


class Forest:
    """Random trees with the votes of their leaves."""

    def __init__(self, r, trees: int, depth: int, features: int, targets: list, modes: list, positive=False, every=False):
        self.r, self.features, self.targets, self.modes = r, features, targets, modes
        self.positive, self.every = positive, every
        self.nodes = {k: [] for k in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
            "missing_value_tracks_true")}
        self.votes = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
        for t in range(trees):
            self.grow(t, [0], depth)

    def grow(self, tree: int, count: list, depth: int) -> int:
        node, at, r = count[0], len(self.nodes["modes"]), self.r
        count[0] += 1
        for v in self.nodes.values():
            v.append(0)
        row = {"treeids": tree, "nodeids": node, "modes": "LEAF", "values": 0.0}
        if depth == 0 or node > 0 and r.rand() < 0.2:
            for target in self.targets if self.every else [self.targets[r.randint(len(self.targets))]]:
                w = float(floats(r, 1)[0])
                for k, v in {"treeids": tree, "nodeids": node, "ids": target, "weights": abs(w) if self.positive else w}.items():
                    self.votes[k].append(v)
        else:
            row.update(
                modes=self.modes[r.randint(len(self.modes))],
                featureids=int(r.randint(self.features)),
                values=float(r.randint(-2, 3)),
                missing_value_tracks_true=int(r.randint(2)),
                truenodeids=self.grow(tree, count, depth - 1),
                falsenodeids=self.grow(tree, count, depth - 1),
            )
        for k, v in row.items():
            self.nodes[k][at] = v
        return node

    def attributes(self, votes: str, missing: bool, double: bool) -> dict:
        out = {"nodes_" + k: v for k, v in self.nodes.items() if missing or k != "missing_value_tracks_true"}
        out.update({f"{votes}_{k}": v for k, v in self.votes.items()})
        if double:
            for k in ("nodes_values", votes + "_weights"):
                out[k + "_as_tensor"] = numpy_helper.from_array(np.array(out.pop(k), np.float64), k)
        return out


LEQ = ["BRANCH_LEQ"]
ALL_MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def rows_of(r, rows: int, features: int, dtype, nan: bool) -> np.ndarray:
    x = r.randint(-3, 4, (rows, features)).astype(dtype)
    if nan:
        x[r.randint(rows), r.randint(features)] = np.nan
    return x


def tree_classifier(name, labels, ids, modes=LEQ, positive=False, every=False, missing=False, dtype=np.float32, base=None,
    **attributes) -> Case:
    r = rng(name)
    double = dtype == np.float64
    f = Forest(r, 3, 3, 3, ids, modes, positive, every)
    attributes.update(f.attributes("class", missing, double))
    attributes["classlabels_strings" if isinstance(labels[0], str) else "classlabels_int64s"] = labels
    if base and double:
        attributes["base_values_as_tensor"] = numpy_helper.from_array(np.array(base), "base")
    elif base:
        attributes["base_values"] = base
    return ml(name, "TreeEnsembleClassifier", [rows_of(r, 5, 3, dtype, missing)], 2, **attributes)


def tree_regressor(name, targets, modes=LEQ, missing=False, dtype=np.float32, base=None, **attributes) -> Case:
    r = rng(name)
    double = dtype == np.float64
    f = Forest(r, 4, 3, 3, list(range(targets)), modes, every=True)
    attributes.update(f.attributes("target", missing, double), n_targets=targets)
    if base and double:
        attributes["base_values_as_tensor"] = numpy_helper.from_array(np.array(base), "base")
    elif base:
        attributes["base_values"] = base
    return ml(name, "TreeEnsembleRegressor", [rows_of(r, 5, 3, dtype, missing)], **attributes)


def array(x, dtype=np.float32) -> np.ndarray:
    return np.array(x, dtype)


NAN = float("nan")
MATRIX = array([[1, -2, 0.5], [0, 0, 0], [-3, -4, -1]])

CASES = [
    ml("array_feature_extractor_strings", "ArrayFeatureExtractor", [array([["a", "b", "c"], ["d", "e", "f"]], object), array([[2,
        0]], np.int64)]),
    ml("array_feature_extractor_vector", "ArrayFeatureExtractor", [array([5, 6, 7, 8], np.int64), array([3, 1, 1], np.int64)]),
    ml("binarizer_negative", "Binarizer", [MATRIX], threshold=-1.5),
    ml("cast_map", "CastMap", [{3: 1.5, 1: 2.25, 7: -4.0}]),
    ml("cast_map_int64_sparse", "CastMap", [{3: 1.5, 1: 2.25}], cast_to="TO_INT64", map_form="SPARSE", max_map=5),
    ml("cast_map_sparse", "CastMap", [{0: 1.5, 2: -2.25}], map_form="SPARSE", max_map=4),
    ml("cast_map_string", "CastMap", [{10: 1.5, 2: 100.0}], cast_to="TO_STRING"),
    ml("cast_map_string_sparse", "CastMap", [{1: 1.5}], cast_to="TO_STRING", map_form="SPARSE", max_map=3),
    ml("category_mapper_default", "CategoryMapper", [array([3, 9, 4], np.int64)], cats_int64s=[3, 4], cats_strings=["x", "y"],
        default_string="none"),
    ml("category_mapper_int", "CategoryMapper", [array([[1, 3], [2, 7]], np.int64)], cats_int64s=[1, 2, 3], cats_strings=["one",
        "two", "three"]),
    ml("category_mapper_string", "CategoryMapper", [array(["b", "q", "a"], object)], cats_int64s=[5, 6], cats_strings=["a", "b"],
        default_int64=-7),
    ml("dict_vectorizer_int", "DictVectorizer", [{4: 0.5, 2: 1.5}], int64_vocabulary=[1, 2, 3, 4]),
    ml("dict_vectorizer_string", "DictVectorizer", [{"a": 4.0, "c": 8.0}], string_vocabulary=["a", "c", "b", "z"]),
    ml("dict_vectorizer_unknown", "DictVectorizer", [{"a": 4.0, "q": 8.0}], string_vocabulary=["b", "a"]),
    ml("feature_vectorizer", "FeatureVectorizer", [array([[1, 2], [3, 4]]), array([[5], [6]])], inputdimensions=[2, 1]),
    ml("feature_vectorizer_cut", "FeatureVectorizer", [MATRIX, MATRIX], inputdimensions=[4, 1]),
    ml("feature_vectorizer_int", "FeatureVectorizer", [array([1, 2, 3], np.int64), array([4, 5], np.int64)], inputdimensions=[3, 2]),
    ml("imputer_int", "Imputer", [array([[1, 0, 3], [0, 2, 0]], np.int64)], imputed_value_int64s=[7], replaced_value_int64=0),
    ml("imputer_int_columns", "Imputer", [array([[-1, 5], [6, -1]], np.int64)], imputed_value_int64s=[7, 8], replaced_value_int64=-1),
    ml("imputer_nan", "Imputer", [array([[1, NAN, 3], [NAN, 2, 0]])], imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=NAN),
    ml("imputer_value", "Imputer", [MATRIX], imputed_value_floats=[0.25], replaced_value_float=0.5),
    ml("label_encoder_floats", "LabelEncoder", [array([1, NAN, 3])], keys_floats=[1.0, NAN], values_strings=["one", "nan"],
        opsets={"": 21, ML: 4}),
    linear_classifier("linear_classifier", 3, 4, 3, ["a", "b", "c"]),
    linear_classifier("linear_classifier_binary", 4, 2, 1, [4, 9]),
    linear_classifier("linear_classifier_binary_logistic", 4, 2, 1, ["n", "p"], post_transform="LOGISTIC"),
    linear_classifier("linear_classifier_double", 3, 3, 4, [3, 1, 4, 5], np.float64, post_transform="LOGISTIC"),
    linear_classifier("linear_classifier_int", 3, 3, 2, [8, 6], np.int64, post_transform="SOFTMAX_ZERO"),
    linear_classifier("linear_classifier_softmax", 3, 2, 3, [1, 2, 3], multi_class=1, post_transform="SOFTMAX"),
    linear_regressor("linear_regressor", 3, 4, 1),
    linear_regressor("linear_regressor_no_intercept", 2, 3, 1, False),
    linear_regressor("linear_regressor_targets", 3, 2, 3),
    linear_regressor("linear_regressor_targets_logistic", 3, 2, 2, post_transform="LOGISTIC"),
    ml("normalizer_l1", "Normalizer", [MATRIX], norm="L1"),
    ml("normalizer_l2", "Normalizer", [MATRIX.astype(np.float64)], norm="L2"),
    ml("normalizer_max", "Normalizer", [MATRIX], norm="MAX"),
    ml("normalizer_vector_int", "Normalizer", [array([1, -2, 5], np.int64)], norm="L1"),
    ml("one_hot_encoder_float", "OneHotEncoder", [array([[1.7, 2], [3, -1]])], cats_int64s=[1, 2, 3]),
    ml("one_hot_encoder_int", "OneHotEncoder", [array([2, 0, 2], np.int64)], cats_int64s=[0, 2], zeros=0),
    ml("one_hot_encoder_string", "OneHotEncoder", [array(["b", "z"], object)], cats_strings=["a", "b", "c"]),
    ml("scaler", "Scaler", [MATRIX], offset=[1.0, 2.0, 3.0], scale=[2.0, 0.5, -1.0]),
    ml("scaler_double", "Scaler", [MATRIX.astype(np.float64)], offset=[0.25], scale=[3.0]),
    ml("scaler_int", "Scaler", [array([[1, 2], [3, 4]], np.int64)], offset=[1.0, 0.0], scale=[2.5, 0.1]),
    svm_classifier("svm_classifier_binary", 4, 3, ["n", "p"], [2, 3], "RBF"),
    svm_classifier("svm_classifier_binary_logistic", 4, 3, [0, 1], [2, 1], post_transform="LOGISTIC"),
    svm_classifier("svm_classifier_linear", 4, 3, ["a", "b", "c"], None, post_transform="SOFTMAX"),
    svm_classifier("svm_classifier_linear_binary", 4, 3, [5, 2], None),
    svm_classifier("svm_classifier_poly", 3, 2, [1, 2, 3], [2, 2, 1], "POLY", dtype=np.float64),
    svm_classifier("svm_classifier_proba", 4, 3, ["a", "b", "c"], [2, 1, 3], "RBF", True),
    svm_classifier("svm_classifier_proba_binary", 4, 3, [0, 1], [2, 2], "SIGMOID", True, np.int64),
    svm_regressor("svm_regressor_linear", 3, 4, 0),
    svm_regressor("svm_regressor_one_class", 5, 2, 3, "SIGMOID", one_class=1),
    svm_regressor("svm_regressor_poly", 3, 2, 4, "POLY"),
    svm_regressor("svm_regressor_rbf", 3, 4, 5, "RBF"),
    tree_classifier("tree_classifier", ["a", "b", "c"], [0, 1, 2], every=True),
    tree_classifier("tree_classifier_base", [7, 3, 5, 1], [0, 1, 2, 3], base=[0.5, -0.25, 0.125, 1.0], post_transform="SOFTMAX"),
    tree_classifier("tree_classifier_binary", [4, 9], [0], positive=True),
    tree_classifier("tree_classifier_binary_base", ["n", "p"], [0], base=[0.25], post_transform="LOGISTIC"),
    tree_classifier("tree_classifier_binary_negative", ["n", "p"], [0]),
    tree_classifier("tree_classifier_binary_second", [0, 1], [1]),
    tree_classifier("tree_classifier_double", ["a", "b", "c"], [0, 1, 2], ALL_MODES, dtype=np.float64, base=[0.5, 0.25, 0.125]),
    tree_classifier("tree_classifier_int", [1, 2, 3], [0, 1, 2], ALL_MODES, every=True, dtype=np.int64, post_transform="LOGISTIC"),
    tree_classifier("tree_classifier_missing", [1, 2, 3], [0, 1, 2], ALL_MODES, missing=True),
    tree_regressor("tree_regressor", 1),
    tree_regressor("tree_regressor_average", 2, aggregate_function="AVERAGE", base=[1.0, -1.0]),
    tree_regressor("tree_regressor_double", 2, ALL_MODES, dtype=np.float64, base=[0.5, 0.25]),
    tree_regressor("tree_regressor_max", 2, ALL_MODES, aggregate_function="MAX"),
    tree_regressor("tree_regressor_min_missing", 1, ["BRANCH_LT"], True, aggregate_function="MIN", base=[2.0]),
    tree_regressor("tree_regressor_softmax", 3, post_transform="SOFTMAX"),
    ml("zip_map_int", "ZipMap", [array([[1, 2], [3, 4], [5, 6]])], classlabels_int64s=[10, 20]),
    ml("zip_map_string", "ZipMap", [array([[0.25, 0.5, 0.25]])], classlabels_strings=["a", "b", "c"]),
    ml("zip_map_vector", "ZipMap", [array([0.75, 0.25])], classlabels_strings=["no", "yes"]),
]
