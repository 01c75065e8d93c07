"""Small codes as bit matrices, and what noise does to them by brute force on states and density matrices."""

import numpy as np

from qtoolkit_kernels._types import Complex

PAULIS = {"I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1, -1])}


def rows(*strings: str) -> np.ndarray:
    """Pauli strings, the leftmost letter on qubit 0, as rows of X parts and Z parts."""
    return np.array([[c in "XY" for c in s] + [c in "ZY" for c in s] for s in strings])


def css(x_checks: np.ndarray, z_checks: np.ndarray) -> np.ndarray:
    """Checks of one letter each as rows of X parts and Z parts."""
    x, z = np.array(x_checks, dtype=bool), np.array(z_checks, dtype=bool)
    return np.vstack([np.hstack([x, np.zeros_like(x)]), np.hstack([np.zeros_like(z), z])])


def rotated(distance: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rotated surface code: logical X down the first column, logical Z along the first row."""
    checks: tuple[list, list] = [], []
    for row in range(-1, distance):
        for column in range(-1, distance):
            near = [(row + i, column + j) for i in (0, 1) for j in (0, 1)]
            qubits = [i * distance + j for i, j in near if 0 <= i < distance and 0 <= j < distance]
            kind = (row + column) % 2
            edge = row in (-1, distance - 1) if kind == 0 else column in (-1, distance - 1)
            if len(qubits) == 4 or (len(qubits) == 2 and edge):
                checks[kind].append([q in qubits for q in range(distance**2)])
    line = np.arange(distance**2)
    x, z = line % distance == 0, line < distance
    none = np.zeros(distance**2, dtype=bool)
    return css(*checks), np.hstack([x, none])[None], np.hstack([none, z])[None]


_HAMMING = np.arange(1, 8) >> np.arange(3)[:, None] & 1
CODES = {
    "five-qubit": (rows("XZZXI", "IXZZX", "XIXZZ", "ZXIXZ"), rows("XXXXX"), rows("ZZZZZ")),
    "four-two-two": (rows("XXXX", "ZZZZ"), rows("XXII", "XIXI"), rows("ZIZI", "ZZII")),
    "steane": (css(_HAMMING, _HAMMING), rows("XXXXXXX"), rows("ZZZZZZZ")),
    "shor": (
        rows(
            "ZZIIIIIII", "IZZIIIIII", "IIIZZIIII", "IIIIZZIII", "IIIIIIZZI", "IIIIIIIZZ", "XXXXXXIII", "IIIXXXXXX"
        ),
        rows("ZZZZZZZZZ"),
        rows("XXXXXXXXX"),
    ),
    "rotated-3": rotated(3),
    "repetition": (rows("ZZI", "IZZ"), rows("XXX"), rows("ZII")),
}  # fmt: skip


def over_rotation(angle: float, axis: tuple[float, float, float] = (0, 0, 1)) -> np.ndarray:
    """``exp(-i angle/2 n·σ)`` as the only Kraus operator."""
    generator = sum(a * PAULIS[letter] for a, letter in zip(axis, "XYZ", strict=True)) / np.linalg.norm(axis)
    return np.array([np.cos(angle / 2) * np.eye(2) - 1j * np.sin(angle / 2) * generator])


def depolarizing(p: float) -> np.ndarray:
    return np.array([np.sqrt(1 - p) * PAULIS["I"], *(np.sqrt(p / 3) * PAULIS[letter] for letter in "XYZ")])


def phase_flip(p: float) -> np.ndarray:
    return np.array([np.sqrt(1 - p) * PAULIS["I"], np.sqrt(p) * PAULIS["Z"]])


def damping(gamma: float) -> np.ndarray:
    return np.array([[[1, 0], [0, np.sqrt(1 - gamma)]], [[0, np.sqrt(gamma)], [0, 0]]])


def random_kraus(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random Kraus operators of a qubit."""
    matrix = rng.normal(size=(2 * count, 2)) + 1j * rng.normal(size=(2 * count, 2))
    return np.linalg.qr(matrix)[0].reshape(count, 2, 2)


def operator(bits: np.ndarray) -> Complex:
    """The Pauli matrix of a row of X parts and Z parts, qubit 0 the lowest bit of its indices."""
    n = len(bits) // 2
    matrix = np.eye(1, dtype=complex)
    for x, z in zip(bits[:n], bits[n:], strict=True):
        matrix = np.kron(PAULIS[{(0, 0): "I", (1, 0): "X", (1, 1): "Y", (0, 1): "Z"}[int(x), int(z)]], matrix)
    return matrix


def logical_paulis(code: tuple) -> list[Complex]:
    """Logical operators in the order of their letters I, X, Y, Z, those of logical qubit 0 changing fastest."""
    _, xs, zs = code
    found = [np.eye(2 ** (xs.shape[1] // 2), dtype=complex)]
    for x, z in zip(xs, zs, strict=True):
        x_bar, z_bar = operator(x), operator(z)
        letters = [np.eye(len(x_bar)), x_bar, 1j * x_bar @ z_bar, z_bar]
        found = [known @ letter for letter in letters for known in found]
    return found


def projector(code: tuple, syndrome: np.ndarray) -> Complex:
    """Onto the states whose stabilisers have the signs of a syndrome."""
    found = np.eye(2 ** (code[0].shape[1] // 2), dtype=complex)
    for row, bit in zip(code[0], syndrome, strict=True):
        found = found @ (np.eye(len(found)) + (-1) ** int(bit) * operator(row)) / 2
    return found


def noisy(rho: Complex, noise: list) -> Complex:
    """Kraus operators of one qubit after another, applied to a density matrix or any other operator."""
    n = len(noise)
    for qubit, operators in enumerate(noise):
        wide = [np.kron(np.kron(np.eye(2 ** (n - qubit - 1)), k), np.eye(2**qubit)) for k in operators]
        rho = sum(k @ rho @ k.conj().T for k in wide)
    return rho


def transfer_matrices(code: tuple, noise: list, syndromes: np.ndarray, corrections: np.ndarray) -> np.ndarray:
    """Logical transfer matrix of each syndrome after its correction, times its probability, from density matrices."""
    logicals = logical_paulis(code)
    size = int(np.sqrt(len(logicals)))
    start = projector(code, np.zeros(len(code[0])))
    images = [noisy(logical @ start, noise) for logical in logicals]
    found = np.empty((len(syndromes), len(logicals), len(logicals)))
    for index, (syndrome, correction) in enumerate(zip(syndromes, corrections, strict=True)):
        undo = operator(correction) @ projector(code, syndrome)
        for column, image in enumerate(images):
            after = undo @ image @ undo.conj().T
            found[index, :, column] = [np.vdot(logical, after).real / size for logical in logicals]
    return found


def kraus_operators(code: tuple, unitaries: list, syndromes: np.ndarray, corrections: np.ndarray) -> np.ndarray:
    """Logical Kraus operator of each syndrome after its correction, from state vectors: codes of one logical qubit."""
    n = len(unitaries)
    dimension = 2**n
    stabilisers = [operator(row) for row in code[0]]
    zero = projector(code, np.zeros(len(code[0]))) @ (np.eye(dimension) + operator(code[2][0])) / 2
    first = zero[:, np.argmax(np.linalg.norm(zero, axis=0))]
    first = first / np.linalg.norm(first)
    basis = np.stack([first, operator(code[1][0]) @ first])
    states = basis.reshape(2, *[2] * n)
    for qubit, unitary in enumerate(unitaries):
        states = np.moveaxis(np.tensordot(unitary, states, axes=(1, n - qubit)), 0, n - qubit)
    states = states.reshape(2, dimension)
    found = np.empty((len(syndromes), 2, 2), dtype=complex)
    for index, (syndrome, correction) in enumerate(zip(syndromes, corrections, strict=True)):
        left = states
        for stabiliser, bit in zip(stabilisers, syndrome, strict=True):
            left = (left + (-1) ** int(bit) * left @ stabiliser.T) / 2
        found[index] = basis.conj() @ operator(correction) @ left.T
    return found
