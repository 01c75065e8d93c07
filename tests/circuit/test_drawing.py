from qtoolkit import Circuit, Parameter


def test_bell():
    assert Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1]).draw() == "\n".join(
        [
            "q0: ─H──●──M────",
            "q1: ────X──║──M─",
            "c2: ═══════0══1═",
        ]
    )


def test_gates_that_cross_other_qubits():
    assert Circuit(3).cx(0, 2).cswap(0, 1, 2).ccz(2, 1, 0).draw() == "\n".join(
        [
            "q0: ─●──●──●─",
            "q1: ─│──x──●─",
            "q2: ─X──x──●─",
        ]
    )


def test_parameters_and_open_controls():
    circuit = Circuit(2).rx(2 * Parameter("a"), 0).controlled_unitary([[0, 1], [1, 0]], [0], [1], ctrl_state=0)
    assert circuit.draw() == "q0: ─RX(2*a)─────○────\nq1: ──────────unitary─"


def test_wraps_at_the_width():
    circuit = Circuit(1)
    for _ in range(40):
        circuit.h(0)
    lines = circuit.draw(width=40).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert sum(line.count("H") for line in lines) == 40


def test_everything_can_be_drawn():
    circuit = Circuit(3, 2).initialize([0, 1], 0).reset(1).barrier().pauli_rotation("XIZ", 0.5).gphase(0.1)
    circuit.diagonal([1, -1, 1, 1], [0, 2]).measure(0, 1).if_(circuit.clbit(1) == 1, lambda body: body.x(2))
    text = str(circuit)
    for part in ("|0⟩", "░", "RX(0.5)", "RZ(0.5)", "if c1==1", "M"):
        assert part in text
    assert Circuit(0).draw() == "(no qubits)"
