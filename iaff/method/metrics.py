"""Scores against ground truth, at the size of the photo, pooled over all pixels that are not void."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchmetrics.functional.classification import multiclass_confusion_matrix

from iaff.grid import STRIDE, UNKNOWN


def to_photo(alpha: Tensor, height: int, width: int, stride: int = STRIDE) -> Tensor:
    """A map ``(K, h, w)`` on the grid, interpolated to photo size ``(K, H, W)``."""
    size = (stride * alpha.shape[-2], stride * alpha.shape[-1])
    return interpolate(alpha[None].float(), size, mode="bilinear", align_corners=False)[0, :, :height, :width]


class Segmentation:
    """One confusion matrix over a data set: mIoU in the field's way (VOC: pooled pixels, then the mean of classes)."""

    def __init__(self, classes: int):
        self.confusion = torch.zeros(classes, classes, dtype=torch.long)

    def add(self, labels: Tensor, truth: Tensor) -> None:
        """Labels and truth as class ids ``(H, W)``; truth 255 is void."""
        counts = multiclass_confusion_matrix(labels.long(), truth.long(), len(self.confusion), ignore_index=UNKNOWN)
        self.confusion += counts.cpu()

    def iou(self) -> Tensor:
        """IoU per class ``(C+1,)``; NaN for a class that neither occurs nor is predicted."""
        hit = self.confusion.diag().double()
        return hit / (self.confusion.sum(0) + self.confusion.sum(1) - hit)

    def miou(self) -> float:
        """Mean IoU over the classes that occur or are predicted, background among them; NaN where there are none.

        Over how many that is, :func:`counted` says.
        """
        return float(self.iou().nanmean())

    def objects(self) -> tuple[float, float]:
        """Shares of the non-void pixels that are objects, 0..1: as labelled, and in truth."""
        total = self.confusion.sum().clamp(min=1)
        return float(self.confusion[:, 1:].sum() / total), float(self.confusion[1:].sum() / total)


def counted(ious: Sequence[Mapping[str, float | None]], absent: Sequence[str] = ()) -> str:
    """Over how many classes mIoUs are means: ``"mean of 6 of 7 classes; no sheep in these masks"``.

    Args:
        ious: IoU by class of each map; None: the class neither occurs nor is predicted. absent: what no mask shows.
    """
    means = [sum(value is not None for value in iou.values()) for iou in ious]
    none = f"; no {' nor '.join(absent)} in these masks" if absent else ""
    return f"mean of {span(means)} of {max(map(len, ious), default=0)} classes{none}"


def span(numbers: Sequence[int]) -> str:
    """``6``, or ``6 to 7`` where they differ."""
    return " to ".join(map(str, sorted({min(numbers, default=0), max(numbers, default=0)})))


class Partial:
    """Precision and coverage of a label map with unknown pixels, pooled over all non-void pixels."""

    def __init__(self):
        self.known = self.right = self.total = 0

    def add(self, labels: Tensor, truth: Tensor) -> None:
        """Labels (255 unknown) and truth (255 void) as class ids ``(H, W)``."""
        valid = truth != UNKNOWN
        known = valid & (labels != UNKNOWN)
        self.total += int(valid.sum())
        self.known += int(known.sum())
        self.right += int((labels[known] == truth[known]).sum())

    def precision(self) -> float:
        """Share of the labelled pixels whose label is right, 0..1."""
        return self.right / max(1, self.known)

    def coverage(self) -> float:
        """Share of all non-void pixels that are labelled, 0..1."""
        return self.known / max(1, self.total)


class Sweep:
    """Confusion matrices of CAM at every threshold 0.00, 0.01 ... 1.00 in one pass over the data."""

    STEPS = 101

    def __init__(self, classes: int):
        self.counts = torch.zeros(self.STEPS, classes, classes, dtype=torch.long)  # step, truth, strongest class

    def add(self, strength: Tensor, best: Tensor, truth: Tensor) -> None:
        """Strongest activation 0..1 and its class id per pixel, ``(H, W)``, and the truth (255 void)."""
        strength, best, truth = strength.cpu(), best.cpu(), truth.cpu()
        valid = truth != UNKNOWN
        classes = self.counts.shape[-1]
        # 1e-6: a threshold such as 0.3 must not lose the activations that equal it to float precision
        bins = (strength[valid].double() * 100 + 1e-6).long().clamp(0, self.STEPS - 1)
        index = (bins * classes + truth[valid].long()) * classes + best[valid].long()
        self.counts += torch.bincount(index, minlength=self.counts.numel()).view_as(self.counts)

    def at(self, threshold: float) -> Segmentation:
        """The segmentation of all pixels whose strength reaches the threshold (a multiple of 0.01)."""
        step = round(threshold * 100)
        result = Segmentation(self.counts.shape[-1])
        result.confusion = self.counts[step:].sum(0)
        result.confusion[:, 0] += self.counts[:step].sum((0, 2))
        return result

    def oracle(self) -> tuple[float, Segmentation]:
        """The threshold with the best mIoU, chosen with the masks at hand, and its segmentation."""
        best = max(range(self.STEPS), key=lambda step: self.at(step / 100).miou())
        return best / 100, self.at(best / 100)
