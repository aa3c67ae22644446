"""Support vector machines: geometry first, then the algebra."""

from pitfalls.checks import Lesson

from ._choice import PICK_C_GAMMA
from ._dual import DUAL_DECISION, KERNEL_TRICK_FEATURES, RBF_KERNEL
from ._hinge import HINGE_LOSS, HINGE_SUBGRADIENT
from ._margin import MARGIN_WIDTH, SIGNED_DISTANCE, SUPPORT_VECTORS
from ._training import PEGASOS

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="1_fundamentals",
    notebook="svm",
    title="Support vector machines: geometry first",
    exercises=(
        SIGNED_DISTANCE,
        MARGIN_WIDTH,
        HINGE_LOSS,
        HINGE_SUBGRADIENT,
        PEGASOS,
        SUPPORT_VECTORS,
        DUAL_DECISION,
        KERNEL_TRICK_FEATURES,
        RBF_KERNEL,
        PICK_C_GAMMA,
    ),
    order=2,
)
