import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Matrices this small lose time to threads."""
    from pyscf import lib

    before = lib.num_threads()
    lib.num_threads(1)
    yield
    lib.num_threads(before)


@pytest.fixture(scope="session")
def lithium_hydride():
    from qtoolkit.applications.chemistry import compute_integrals, diatomic

    return compute_integrals(diatomic("Li", "H", 1.595))


@pytest.fixture(scope="session")
def hydrogen():
    from qtoolkit.applications.chemistry import compute_integrals, diatomic

    return compute_integrals(diatomic("H", "H", 0.735))
