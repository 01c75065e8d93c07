"""A public name is a promise: every module says which names it promises, and keeps to it."""

import importlib
import pkgutil
from types import ModuleType

import pytest

import qtoolkit
import qtoolkit_kernels
from qtoolkit.errors import MissingExtraError


def public_modules() -> list[str]:
    """Dotted names of all modules without a leading underscore, in both packages."""
    names = [qtoolkit.__name__, qtoolkit_kernels.__name__]
    for package in (qtoolkit, qtoolkit_kernels):
        names += [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [name for name in names if not any(part.startswith("_") for part in name.split("."))]


def load(name: str) -> ModuleType:
    """Import a module, or skip the test where the extra that it needs is not installed."""
    try:
        return importlib.import_module(name)
    except MissingExtraError as error:
        pytest.skip(str(error))


def own_names(module: ModuleType) -> set[str]:
    """Public names other than submodules; a package that only holds modules has none."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "annotations" and not isinstance(value, ModuleType)
    }


@pytest.mark.parametrize("name", public_modules())
def test_module_promises_names_that_exist(name):
    module = load(name)
    if "__all__" not in vars(module):
        assert own_names(module) == set(), f"{name} must say in __all__ which of these it promises"
        return
    promised = list(module.__all__)
    assert len(promised) == len(set(promised)), f"{name}.__all__ repeats a name"
    assert [item for item in promised if not hasattr(module, item)] == []


def test_top_level_names_are_listed_for_completion():
    """Names that load on first use must still show in `dir`, or an editor cannot offer them."""
    assert set(qtoolkit.__all__) <= set(dir(qtoolkit))
