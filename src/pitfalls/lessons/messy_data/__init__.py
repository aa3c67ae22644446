"""The messy table: what is wrong with it, what to do, what it does to the score. The checks."""

from pitfalls.checks import Lesson

from ._dedupe import DEDUPE
from ._features import FEATURE_ENGINEERING
from ._impute import IMPUTE_WITH_INDICATOR
from ._mechanism import MISSINGNESS_MECHANISM
from ._outliers import OUTLIERS_OR_ERRORS
from ._parse import PARSE_MONEY_AND_UNITS
from ._preprocessor import BUILD_PREPROCESSOR
from ._rare import GROUP_RARE
from ._sentinels import STANDARDISE_MISSING
from ._unskew import UNSKEW

__all__ = ["LESSON"]

LESSON = Lesson(
    chapter="2_data",
    notebook="messy_data",
    title="The messy table: clean it, and measure what it was worth",
    exercises=(
        PARSE_MONEY_AND_UNITS,
        STANDARDISE_MISSING,
        MISSINGNESS_MECHANISM,
        IMPUTE_WITH_INDICATOR,
        UNSKEW,
        DEDUPE,
        GROUP_RARE,
        OUTLIERS_OR_ERRORS,
        BUILD_PREPROCESSOR,
        FEATURE_ENGINEERING,
    ),
    order=1,
)
