"""From a baseline to a two-tower model, and whether to ship it. The checks of its notebook."""

from pitfalls.checks import Lesson

from ._bootstrap import PAIRED_BOOTSTRAP
from ._knn import ITEM_KNN
from ._metrics import NDCG_AT_K, RECALL_AT_K
from ._popularity import POPULARITY_BASELINE
from ._retrieve import RETRIEVE
from ._scores import TWO_TOWER_SCORES
from ._ship import SHIP_IT
from ._softmax import IN_BATCH_SOFTMAX_GRADIENT, IN_BATCH_SOFTMAX_LOSS
from ._split import SPLIT_BY_TIME
from ._train import TRAIN_TWO_TOWER

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="3_system_design",
    notebook="baseline_to_two_tower",
    title="A baseline before the two-tower",
    exercises=(
        SPLIT_BY_TIME,
        RECALL_AT_K,
        NDCG_AT_K,
        POPULARITY_BASELINE,
        ITEM_KNN,
        TWO_TOWER_SCORES,
        IN_BATCH_SOFTMAX_LOSS,
        IN_BATCH_SOFTMAX_GRADIENT,
        TRAIN_TWO_TOWER,
        RETRIEVE,
        PAIRED_BOOTSTRAP,
        SHIP_IT,
    ),
    order=2,
)
