import inspect

from firstwords import errors


def test_every_error_has_its_own_documented_exit_code() -> None:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.FirstwordsError)]
    codes = {c.__name__: c.exit_code for c in classes if c is not errors.FirstwordsError}
    assert codes == {
        "RecipeError": 2,
        "CannotFit": 3,
        "IntegrityError": 4,
        "TooManyRejects": 5,
        "OutOfResources": 6,
        "NumericFailure": 7,
        "Locked": 8,
        "Interrupted": 75,
    }
