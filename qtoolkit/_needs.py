"""What each kind of work fills at its peak, in bytes: the one place that counts.

Arguments that the caller holds already are not counted, results are. `amplitude` is the size of one amplitude, 16 bytes
in double precision and 8 in single; a *state* is ``amplitude << num_qubits`` bytes. What all work needs beside, some
MiB of working memory a thread, is `qtoolkit._memory.WORKING_MEMORY`. A test measures the peak of every kind.
"""

from __future__ import annotations

__all__ = [
    "annealing",
    "bits_by_shot",
    "bitstrings",
    "circuit_matrix",
    "converted_bits",
    "cost_landscape",
    "copied_state",
    "counts",
    "dense_matrix",
    "density_matrix",
    "dense_spectrum",
    "diagonal",
    "diagonal_spectrum",
    "diagonal_terms",
    "dicke_state",
    "distribution",
    "distribution_rows",
    "drawn_errors",
    "enumeration",
    "fermion_pairs",
    "fermion_states",
    "gate_of_matrix",
    "gate_of_state",
    "gate_of_table",
    "gate_of_vector",
    "gradient",
    "imaginary_time",
    "initialize",
    "integrals_of_text",
    "lanczos",
    "ladder_terms",
    "ladder_values",
    "landscape",
    "listed_choices",
    "listed_states",
    "mapped_hamiltonian",
    "mapped_products",
    "matrix_terms",
    "mean_field",
    "measured_choices",
    "near_clifford",
    "outcome_statistics",
    "overlap",
    "pauli_coefficients",
    "pauli_rotation_matrix",
    "sampled_state",
    "sector_basis",
    "sector_columns",
    "sector_distribution",
    "sector_expectation",
    "sector_gradient",
    "sector_matrix",
    "sector_phases",
    "sector_plan",
    "sector_samples",
    "sector_shots",
    "sector_state",
    "shots",
    "small_distribution_rows",
    "sparse_matrix",
    "spin_tables",
    "stabilizer_detectors",
    "stabilizer_shots",
    "state",
    "state_rows",
    "text_of_integrals",
    "variance",
    "wide_gates",
]

COMPLEX, REAL, INTEGER = 16, 8, 8

SORTED_SHOTS = 1 << 20
"""Shots are drawn and sorted by place so many at a time."""

LANCZOS_VECTORS = 20
"""Vectors that ARPACK keeps for few eigenvalues."""


def state(amplitude: int, num_qubits: int, beside: int = 0) -> int:
    """A state vector.

    Args:
        amplitude, num_qubits: of the state.
        beside: what steps of the circuit need while they work on it: `initialize`, gates on many qubits.
    """
    return (amplitude << num_qubits) + beside


def initialize(amplitude: int, num_qubits: int, num_initialized: int) -> int:
    """Beside a state: its part where the qubits to be initialised are 0."""
    return amplitude << (num_qubits - num_initialized)


def wide_gates(amplitude: int, largest_table: int, num_bound: int, num_coefficients: int) -> int:
    """Beside a state: what gates need that run by themselves.

    The places that a permutation moves and a copy of what lies there; of the gates' numbers, all where parameters enter
    some, and all in single precision where that is the state's.
    """
    converted = amplitude * num_coefficients if amplitude != COMPLEX else 0
    return (2 * INTEGER + amplitude) * largest_table + 2 * COMPLEX * num_bound + converted


def state_rows(amplitude: int, num_qubits: int, batch: int, beside: int = 0) -> int:
    """States at many parameter values."""
    return batch * (amplitude << num_qubits) + beside


def distribution(amplitude: int, num_qubits: int, num_outcomes: int, parts: int, beside: int = 0) -> int:
    """A state and the distribution of its outcomes, in so many parts that are added up."""
    return state(amplitude, num_qubits, max(beside, REAL * num_outcomes * (parts + (parts > 1))))


def distribution_rows(
    amplitude: int, num_qubits: int, num_outcomes: int, parts: int, batch: int, beside: int = 0
) -> int:
    """Distributions at many parameter values, one state after the other."""
    return distribution(amplitude, num_qubits, num_outcomes, parts, beside) + REAL * batch * num_outcomes


def small_distribution_rows(num_qubits: int, num_outcomes: int, batch: int) -> int:
    """Distributions of small circuits at many parameter values: all qubits first, in another order then, and summed."""
    every = REAL * batch << num_qubits
    return every if num_outcomes == 1 << num_qubits else 2 * every + REAL * batch * num_outcomes


def shots(num_shots: int, words: int) -> int:
    """Outcomes of shots, their packed bits, those in another order, and the order."""
    return num_shots * (2 * INTEGER * words + INTEGER) + 32 * min(num_shots, SORTED_SHOTS)


def sampled_state(amplitude: int, num_qubits: int, num_shots: int, words: int, beside: int = 0) -> int:
    """A state and shots that are drawn from it; each branch of a circuit that measures on its way takes one more."""
    return state(amplitude, num_qubits, beside) + shots(num_shots, words)


def drawn_errors(num_rotations: int, num_qubits: int, num_clbits: int, num_shots: int) -> int:
    """Signs of angles, once more for each pattern and packed four times; errors; flipped bits, twice; who has which."""
    return num_shots * (2 * num_rotations + num_rotations // 2 + 2 * num_qubits + 3 * num_clbits + 8 * INTEGER)


def counts(num_shots: int, words: int) -> int:
    """Shots sorted to be counted; the strings of those that differ are counted when their number is known."""
    return 3 * INTEGER * num_shots * words


def bits_by_shot(num_shots: int, num_clbits: int) -> int:
    """A byte for each bit of each shot."""
    return num_shots * num_clbits


def bitstrings(num_strings: int, num_bits: int) -> int:
    """A Python string for each shot, the letters of all twice, and their bits."""
    return num_strings * (8 + 64 + 4 * num_bits)


def copied_state(amplitude: int, num_qubits: int) -> int:
    """A state and a copy that another library makes; before that, the state and the one it began from."""
    return 2 * (amplitude << num_qubits)


def converted_bits(num_shots: int, num_clbits: int) -> int:
    """A byte for each bit of all shots, as much for those of a register, and twice while another library's are made."""
    return 4 * num_shots * num_clbits


def variance(amplitude: int, num_qubits: int, beside: int = 0) -> int:
    """A state and its image under a Pauli sum."""
    return max(2 * (amplitude << num_qubits), state(amplitude, num_qubits, beside))


def overlap(amplitude: int, num_qubits: int, beside: int = 0) -> int:
    """Two states."""
    return 2 * (amplitude << num_qubits) + beside


def gradient(amplitude: int, num_qubits: int, copies: bool, beside: int = 0) -> int:
    """Two states that are taken back, and one to begin from again."""
    return (2 + copies) * (amplitude << num_qubits) + beside


def dense_matrix(num_qubits: int) -> int:
    """A matrix of a Pauli sum, a gate or a permutation."""
    return COMPLEX << 2 * num_qubits


def pauli_coefficients(real: int, num_digits: int) -> int:
    """The Pauli coefficients of a density matrix."""
    return real << 2 * num_digits


def density_matrix(amplitude: int, num_qubits: int) -> int:
    """A density matrix, beside its Pauli coefficients, and what their transform works on."""
    return (amplitude << 2 * num_qubits) + (16 * REAL << num_qubits)


def pauli_rotation_matrix(num_qubits: int) -> int:
    """A string as a matrix, the identity, both with their factors, and the sum."""
    return 5 * COMPLEX << 2 * num_qubits


def circuit_matrix(num_qubits: int) -> int:
    """A matrix, its product with one more gate, and that in order."""
    return 3 * COMPLEX << 2 * num_qubits


def sparse_matrix(num_qubits: int, num_masks: int) -> int:
    """Values and columns, and the temporaries of one generalised diagonal."""
    return ((COMPLEX + INTEGER) * num_masks + 80) << num_qubits


def diagonal(num_qubits: int) -> int:
    """Eigenvalues of all basis states."""
    return REAL << num_qubits


def ladder_values(norb: int, number: int) -> int:
    """Coefficients of a Hamiltonian's ladder products, of so many bytes each, while they are worked out."""
    return 5 * number * norb**4


def ladder_terms(num_terms: int) -> int:
    """Ladder products as tuples in a dictionary, with their coefficients, and the arrays that they come from."""
    return 330 * num_terms


def mapped_hamiltonian(norb: int) -> int:
    """The strings of an electronic Hamiltonian, each once, while they are sorted."""
    same_spin = (norb * (norb - 1) // 2) ** 2
    return 6 * (2 * INTEGER + COMPLEX) * (norb**4 + 2 * same_spin)


def mapped_products(num_strings: int) -> int:
    """The strings that products of ladder operators are multiplied out into, while they are collected."""
    return 2 * (2 * INTEGER + COMPLEX) * num_strings


def matrix_terms(dimension: int) -> int:
    """All Pauli strings of a matrix, while they are sorted."""
    return 8 * COMPLEX * dimension**2


def diagonal_terms(dimension: int) -> int:
    """All strings of I and Z, while they are sorted."""
    return 9 * COMPLEX * dimension


def gate_of_matrix(dimension: int) -> int:
    """A copy of a given matrix, its adjoint, and their product."""
    return 3 * COMPLEX * dimension**2


def gate_of_vector(dimension: int) -> int:
    """A copy of a given vector, and its moduli."""
    return 2 * COMPLEX * dimension


def dense_spectrum(num_qubits: int) -> int:
    """A matrix, a copy, what LAPACK works on (twice), and the vectors."""
    return 5 * COMPLEX << 2 * num_qubits


def diagonal_spectrum(num_qubits: int, num_vectors: int) -> int:
    """A diagonal, then its order and what sorting takes, or the vectors."""
    return (REAL + max(COMPLEX * num_vectors, INTEGER + INTEGER // 2)) << num_qubits


def lanczos(num_qubits: int, num_vectors: int) -> int:
    """The vectors that ARPACK keeps, those it returns, and some that are worked on."""
    kept = max(2 * num_vectors + 1, LANCZOS_VECTORS)
    return (kept + num_vectors + 9) * COMPLEX << num_qubits


def dicke_state(num_qubits: int) -> int:
    """Amplitudes, once real, once complex, and which of them are not 0."""
    return (REAL + COMPLEX + 1) << num_qubits


def sector_basis(size: int) -> int:
    """Bit patterns, and a copy."""
    return 2 * INTEGER * size


def sector_plan(size: int) -> int:
    """Bit patterns of the basis once more, where phases need them, and some of these; lists of pairs are bounded."""
    return 20 * size


def sector_phases(size: int, num_vectors: int) -> int:
    """Vectors of phases, and all of them in one array."""
    return 2 * REAL * size * num_vectors


def spin_tables(size: int, num_entries: int) -> int:
    """Rotations of pairs, in parts and in one array, what tells which they are, and a value of each state."""
    return 28 * num_entries + 40 * size


def sector_columns(num_columns: int) -> int:
    """Columns of an observable that flip the same bits: places, patterns, signs and entries."""
    return 48 * num_columns


def sector_matrix(num_entries: int) -> int:
    """Entries with their rows and columns, as they are listed and by row."""
    return 64 * num_entries


def sector_state(amplitude: int, size: int) -> int:
    """A state, and what it is before the first parameter, kept in double precision."""
    return (amplitude + COMPLEX) * size


def sector_distribution(amplitude: int, size: int, num_outcomes: int = 0) -> int:
    """A state, the probabilities of the basis and, where only some qubits are asked for, the outcomes."""
    by_outcome = 4 * REAL * size + REAL * num_outcomes if num_outcomes else REAL * size
    return sector_state(amplitude, size) + by_outcome


def sector_shots(num_shots: int, words: int) -> int:
    """Random numbers, places and patterns of shots, and their bits."""
    return num_shots * (3 * REAL + INTEGER * words)


def sector_samples(amplitude: int, size: int, num_shots: int, words: int) -> int:
    """A state, probabilities, their sums, and shots that are drawn from them."""
    return sector_distribution(amplitude, size) + REAL * size + sector_shots(num_shots, words)


def sector_expectation(amplitude: int, size: int, num_entries: int) -> int:
    """A state and a copy, its image, a product that is added to that, and matrix entries in complex numbers."""
    return sector_state(amplitude, size) + (amplitude + 2 * COMPLEX) * size + COMPLEX * num_entries


def sector_gradient(amplitude: int, size: int, num_entries: int) -> int:
    """Two states side by side beside what an expectation value takes."""
    return sector_expectation(amplitude, size, num_entries) + 2 * amplitude * size


def fermion_states(amplitude: int, size: int, count: int) -> int:
    """States of fermions: one, or with its image under a Hamiltonian two; what runs on them is bounded."""
    return amplitude * size * count


def fermion_pairs(num_pairs: int, num_strings: int) -> int:
    """Lists of the strings that excitations connect, and what finding one of them takes."""
    return INTEGER * num_pairs + 10 * INTEGER * num_strings


def cost_landscape(num_outcomes: int, is_listed: bool) -> int:
    """Costs of bitstrings, which are lowest and where, and the bitstrings, if they are listed."""
    return (REAL + 1 + INTEGER + INTEGER * is_listed) * num_outcomes


def enumeration(num_kept: int, num_ranked: int, num_variables: int, chunk: int) -> int:
    """The lowest values, as many that may replace them and a sorted copy, the best choices, and what a chunk takes."""
    return 3 * REAL * num_kept + num_ranked * (10 * num_variables + 200) + 6 * REAL * chunk


def landscape(num_outcomes: int) -> int:
    """Costs of all outcomes twice, their places and probabilities, a state and one beside it for gradients."""
    return (4 * REAL + INTEGER + 3 * COMPLEX) * num_outcomes


def listed_choices(num_choices: int, num_variables: int, chunk: int) -> int:
    """Choices, a byte for each bit, and their values, and what a chunk of them takes."""
    return num_choices * (num_variables + REAL) + chunk * (4 * num_variables + 6 * REAL)


def listed_states(num_choices: int) -> int:
    """Two states over choices, their products with an observable and with phases, and what sorts outcomes."""
    return (4 * COMPLEX + 4 * REAL) * num_choices


def annealing(num_chains: int, num_variables: int, num_rows: int) -> int:
    """Bits, the best bits and slopes of chains, who may exchange, and the pairs; sums of rows twice, and the rows."""
    beside = num_variables * (3 * num_variables + num_rows)
    return REAL * (num_chains * (7 * num_variables + 5 * num_rows) + beside)


def imaginary_time(size: int, num_rotations: int) -> int:
    """Directions of real amplitudes, the places that each turns and their signs, overlaps twice, and five states."""
    return num_rotations * (REAL * size + (INTEGER + REAL // 2) * size + 2 * REAL * num_rotations) + 5 * REAL * size


def measured_choices(num_outcomes: int, num_variables: int) -> int:
    """Choices, a byte for each bit, their places and probabilities, counts, and how each is judged."""
    return num_outcomes * (num_variables + INTEGER + 6 * REAL)


def outcome_statistics(num_outcomes: int) -> int:
    """Bitstrings and probabilities, both once more for those that count, their costs, and which are lowest."""
    return (2 * INTEGER + 3 * REAL + 2) * num_outcomes


def functions_of_bits(num_bits: int, num_functions: int) -> int:
    """Functions of bits by their values, once more for each of three steps that undo errors of some bits, and masks."""
    return (4 * REAL * num_functions + 3 * INTEGER) << num_bits


def gate_of_table(dimension: int) -> int:
    """A copy of a given table, sorted, and what it is compared with."""
    return 3 * INTEGER * dimension


def gate_of_state(dimension: int) -> int:
    """A copy of given amplitudes."""
    return COMPLEX * dimension


def near_clifford(output: int, amplitudes: int, row_bits: int, decoded: int = 0) -> int:
    """Results in bytes, and real numbers and words that shots are made with.

    Args:
        output: bytes of the results.
        amplitudes, row_bits: real numbers and words.
        decoded: bits that decoders are given and answer at once: packed by shot, and as they get them.
    """
    return output + REAL * amplitudes + 8 * row_bits + 3 * decoded


def stabilizer_shots(num_shots: int, words: int, at_once: int, num_measured: int) -> int:
    """Packed bits of shots; of those drawn at once, what Stim holds by measurement and by shot, and in words."""
    return INTEGER * num_shots * words + at_once * (4 * num_measured // 8 + 2 * INTEGER * words)


def stabilizer_detectors(num_shots: int, wanted: int, at_once: int, num_measured: int) -> int:
    """A byte for each detector of each shot, and what Stim holds of those that are drawn at once."""
    return num_shots * wanted + at_once * (2 * wanted + 4 * num_measured // 8)


def mean_field(num_functions: int, num_spins: int) -> int:
    """Overlap, core Hamiltonian and eigenvectors; Fock and density matrices and errors of the last iterations."""
    return (8 + 24 * num_spins) * REAL * num_functions**2


def integrals_of_text(num_orbitals: int, num_blocks: int, length: int) -> int:
    """Two-electron integrals of a text, which is split into lines and numbers; kept ones, and their checks."""
    tensor = REAL * num_orbitals**4
    return max(num_blocks * tensor + 12 * length, (2 * num_blocks + 3) * tensor)


def text_of_integrals(num_integrals: int) -> int:
    """A line for each integral, and all lines in one text."""
    return 170 * num_integrals
