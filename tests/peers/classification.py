#!/usr/bin/env python3
"""Scores of classification by scikit-learn, and the calibration error by numpy: the figures in
tests/unit/eval/AnswersTest.cpp. Every other line has pictures counted 0, 1 or 2 times, as a resample has.

Needs a virtual environment outside the tree; made with scikit-learn 1.9.1 and numpy 2.4.6:
    python3 -m venv ~/venv-peers && ~/venv-peers/bin/pip install scikit-learn
"""
import numpy as np
import sklearn.metrics as sk

BINS = 15
# pictures, classes, shift, how much the true class is ahead, class that no picture is of (-1: none)
CASES = [(40, 2, 0, 3, -1), (90, 3, 1, 4, -1), (120, 5, 2, 2, 3), (60, 4, 5, 12, 0)]


def answers(pictures, classes, shift, ahead, absent):
    truth = np.array([(3 * i + i // 7 + shift) % classes for i in range(pictures)])
    truth[truth == absent] = (absent + 1) % classes
    value = np.array([[1 + (7 * i + 3 * c * c + 5 * i * c + shift) % 11 + (ahead if c == truth[i] and i % 3 else 0)
                       for c in range(classes)] for i in range(pictures)], dtype=np.float64)
    return truth, value / value.sum(1, keepdims=True)


def calibration_error(truth, p, weight):
    answer, sure = p.argmax(1), p.max(1)
    bins = np.digitize(sure, np.linspace(0, 1, BINS + 1)[1:-1], right=True)
    error = 0
    for b in range(BINS):
        own = bins == b
        if weight[own].sum() == 0:
            continue
        right = np.average(answer[own] == truth[own], weights=weight[own])
        error += weight[own].sum() / weight.sum() * abs(right - np.average(sure[own], weights=weight[own]))
    return error


def main():
    for case in CASES:
        truth, p = answers(*case)
        present = np.unique(truth)
        answer = p.argmax(1)
        for weight in (np.ones(len(truth)), np.arange(len(truth)) // 2 % 3.0):
            auc = np.mean([sk.roc_auc_score(truth == c, p[:, c], sample_weight=weight) for c in present])
            if len(present) == case[1] > 2 and (weight == 1).all():
                assert abs(auc - sk.roc_auc_score(truth, p, multi_class="ovr")) < 1e-12
            precision = np.mean(
                [sk.average_precision_score(truth == c, p[:, c], sample_weight=weight) for c in present])
            figures = (
                sk.accuracy_score(truth, answer, sample_weight=weight),
                np.mean([sk.recall_score(truth == c, answer == c, sample_weight=weight) for c in present]), auc,
                precision, sk.f1_score(truth, answer, labels=present, average="macro", sample_weight=weight),
                calibration_error(truth, p, weight))
            assert (weight != 1).any() or 3 > case[1] or case[4] >= 0 or \
                abs(figures[1] - sk.balanced_accuracy_score(truth, answer)) < 1e-12
            print("{" + ", ".join(str(v) for v in case) + ", {" + ", ".join(f"{v:.12g}" for v in figures) + "}},")
        print("// confusion, row by row:", sk.confusion_matrix(truth, answer, labels=range(case[1])).ravel().tolist())


main()
