"""Prices: the table that is shipped, the user's own, and what they make of circuits."""

from decimal import Decimal

import pytest

from qtoolkit import Circuit
from qtoolkit.backends.money import CostEstimate, check_max_cost, estimate_cost, price_table, total_cost
from qtoolkit.backends.money.charges import MODELS
from qtoolkit.backends.money.gate_counts import GateCounts, gate_counts
from qtoolkit.circuit import UnitaryGate
from qtoolkit.errors import InputError

BELL = Circuit(2).h(0).cx(0, 1).measure_all()


@pytest.fixture
def own_prices(tmp_path, monkeypatch):
    path = tmp_path / "prices.toml"
    monkeypatch.setenv("QTOOLKIT_PRICES", str(path))
    return path


@pytest.fixture(autouse=True)
def no_prices_of_the_user(monkeypatch):
    monkeypatch.delenv("QTOOLKIT_PRICES", raising=False)


@pytest.mark.parametrize(
    ("backend", "text"),
    [
        ("local", "free"),
        ("local:single", "free"),
        ("ibm:fake_manila", "free"),
        ("braket:local_dm", "free"),
        ("quantinuum:H1-1LE", "free"),
        # 0.30 + 1000 × 0.08, 0.00145, 0.0016, 0.0235 and 0.000425, rounded up to cents
        ("braket:forte_1", "at most 80.30 USD"),
        ("braket:arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1", "at most 80.30 USD"),
        ("braket:Garnet", "at most 1.75 USD"),
        ("braket:emerald", "at most 1.90 USD"),
        ("braket:Ibex-Q1", "at most 23.80 USD"),
        ("braket:Cepheus-1-108Q", "at most 0.73 USD"),
        ("braket:rigetti/Ankaa-3", "unknown"),
        ("braket:rigetti/Cepheus-1-108Q", "at most 0.73 USD"),
        ("braket:amazon/sv1", "about 0.01 USD"),
        # 3 s of 0.075 USD a minute are 0.00375
        ("braket:SV1", "about 0.01 USD"),
        ("braket:tn1", "about 0.02 to 99.00 USD"),
        # 2 s + 1000 × 0.35 ms, and twice that, at 1.60 USD
        ("ibm:ibm_torino", "about 3.76 to 7.52 USD"),
        ("ionq:simulator", "free"),
        ("ionq:simulator.aria-1", "free"),
        ("ionq:qpu.forte-1", "unknown"),
        # 1000 × (0.00022 + 0.000975) = 1.195 under the least minimum, and on top of the largest
        ("azure:ionq.qpu.aria-1", "about 12.42 to 98.70 USD"),
        ("azure:ionq.simulator", "free"),
        ("azure:rigetti.sim.qvm", "free"),
        ("azure:rigetti.qpu.cepheus-1-36q", "about 0.04 to 4.00 USD"),
        # 5 + 1000 × (1 + 10 + 5 × 4) / 5000
        ("azure:quantinuum.qpu.h2-1", "about 11.20 HQC"),
        ("azure:quantinuum.sim.h2-1sc", "free"),
        ("azure:quantinuum.sim.h2-1e", "about 11.20 eHQC"),
        ("quantinuum:H2-1", "about 11.20 HQC"),
        ("quantinuum:H2-1E", "about 11.20 eHQC"),
        # 0.9 s + 1000 × 0.35 ms at 0.30 USD is 0.375
        ("iqm:garnet", "about 0.38 to 0.78 USD"),
        ("google:willow_pink", "free"),
        ("google:PROCESSOR", "unknown"),
        ("origin:WK_C180", "unknown"),
        ("tianyan:tianyan176", "unknown"),
        ("quafu:ScQ-P18", "unknown"),
        ("nobody:nothing", "unknown"),
    ],
)
def test_what_a_bell_pair_costs(backend, text):
    estimate = estimate_cost(backend, [BELL], 1000)
    assert estimate.text == text
    assert estimate.reason
    assert (estimate.amount is None) == (text == "unknown")


def test_every_price_that_is_shipped_has_its_source_and_day_and_is_reached():
    table = price_table()
    assert len(table.prices) > 25
    for price in table.prices:
        assert not price.is_own
        if price.backends[0] != "local":
            assert price.source.startswith("https://") or (price.model == "unknown" and not price.source)
            assert len(price.as_of) == 10
        assert price.note
        assert price.text
        assert "{" not in price.text
    # No entry hides behind an earlier one of the same plan.
    for number, price in enumerate(table.prices):
        sample = price.backends[0].replace("*", "")
        earlier = [other for other in table.prices[:number] if other.plan in ("", price.plan) and other.fits(sample)]
        assert not earlier, (price.backends, earlier)


def test_prices_in_words():
    table = price_table()
    assert table.price_of("braket:garnet").text == "0.30 USD a task and 0.00145 a shot"
    assert "1.60 USD for each 1 s; a job takes 2 to 4 s" in table.price_of("ibm:ibm_torino").text
    assert table.price_of("google:willow").text == "unknown"


def test_amounts_are_decimals_and_rounded_up_and_batches_add_up():
    one = estimate_cost("braket:garnet", [BELL], 1)
    assert one.amount == Decimal("0.31")  # of 0.30145
    many = estimate_cost("braket:garnet", [BELL] * 20, 1)
    assert many.amount == Decimal("6.03")  # of 6.029
    assert isinstance(many.amount, Decimal)
    assert many.is_bound
    assert "20 tasks at 0.30 and 20 shots at 0.00145 USD" in many.reason
    # A job's own seconds count once.
    jobs = [estimate_cost("ibm:ibm_torino", [BELL] * count, 1000) for count in (1, 2)]
    assert jobs[1].least - jobs[0].least == Decimal("0.56")


def test_a_simulator_that_takes_long_costs_as_much_as_its_limit():
    wide = Circuit(34)
    for qubit in range(34):
        wide.h(qubit)
    estimate = estimate_cost("braket:sv1", [wide.measure_all()], 10)
    seconds = Decimal(68 * 2**34) / 10**10
    assert estimate.least == (seconds * Decimal("0.125")).quantize(Decimal(1), "ROUND_CEILING") / 100
    assert estimate.amount == Decimal("14.61")  # 68 × 2^34 updates at 10^8 a second, 0.00125 USD each
    assert estimate_cost("braket:dm1", [wide], 10).amount == Decimal("27.00")  # six hours
    assert not estimate.is_bound


@pytest.mark.parametrize(
    ("circuit", "counts"),
    [
        (BELL, (1, 1, 4)),
        (Circuit(3, 1).swap(0, 1).rzz(0.3, 1, 2).reset(0).measure(0, 0), (0, 4, 5)),
        (Circuit(5).h(0).barrier(), (1, 0, 1)),
        (Circuit(1, 1).measure(0, 0), (0, 0, 2)),
        (Circuit(2).append(UnitaryGate([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]), (0, 1)), (4, 3, 2)),
    ],
)
def test_gates_are_counted(circuit, counts):
    assert gate_counts(circuit) == GateCounts(*counts)


def test_both_branches_are_counted_and_controls_as_ionq_does():
    circuit = Circuit(2, 1).measure(0, 0)
    circuit.if_(circuit.clbit(0) == 1, lambda body: body.x(1), lambda body: body.h(1))
    assert gate_counts(circuit) == GateCounts(2, 0, 3)
    three_controls = Circuit(4).append(Circuit(1).x(0).operations[0].gate.controlled(3), (0, 1, 2, 3))
    assert gate_counts(three_controls).two_qubit == 12


def test_own_prices_go_first(own_prices):
    own_prices.write_text(
        """
        [plans]
        ibm = "premium"
        [units]
        points = 1
        [[price]]
        backends = ["TOY:*", "braket:garnet"]
        model = "task and shot"
        currency = "points"
        per_task = 2
        per_shot = 0.001
        source = "our contract"
        as_of = 2026-11-30
        """
    )
    estimate = estimate_cost("toy:one", [BELL], 1001)
    assert (estimate.amount, estimate.currency, estimate.source) == (Decimal(4), "points", "our contract")
    assert estimate.as_of == "2026-11-30"
    assert estimate_cost("braket:garnet", [BELL], 1).currency == "points"
    assert estimate_cost("braket:emerald", [BELL], 1).currency == "USD"
    assert estimate_cost("ibm:ibm_torino", [BELL], 1000).text == "about 1.88 to 3.76 USD"
    own_prices.write_text('[plans]\nibm = "open"\n')
    assert estimate_cost("ibm:ibm_torino", [BELL], 1000).text == "free"
    # What is computed here costs nothing unless somebody says so.
    own_prices.write_text('[[price]]\nbackends = ["local"]\nmodel = "time"\ncurrency = "USD"\nprice = 1\n'
                          "per_task_seconds = 2\n")  # fmt: skip
    assert estimate_cost("local", [BELL], 1).text == "about 2.00 USD"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[price", "must be TOML"),
        ("[prices]", r"have \[\[price\]\], \[plans\] and \[units\], got prices"),
        ("[price]", r"begins with \[\[price\]\]"),
        ("price = [1]", "price 1 in .* must be a table"),
        ("[[price]]", "needs backends"),
        ('[[price]]\nbackends = "a"', "needs backends"),
        ('[[price]]\nbackends = ["a"]', "the model of price 1 .* is one of free, task and shot"),
        ('[[price]]\nbackends = ["a"]\nmodel = 3', "model of price 1 .* must be text, got 3"),
        ('[[price]]\nbackends = ["a"]\nmodel = "free"\nper_shot = 1', "whose figures are none; got per_shot"),
        ('[[price]]\nbackends = ["a"]\nmodel = "task and shot"\ncurrency = "USD"', "needs per_task, per_shot"),
        ('[[price]]\nbackends = ["a"]\nmodel = "HQC"', "needs a currency"),
        ('[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = "cheap"', 'such as "0.30"; got'),
        ('[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = true', "got True"),
        ('[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = nan', "at least 0"),
        ('[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = -1', "at least 0"),
        ('[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = [2, 1]', "the least and the most"),
        ('[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = [1]', "the least and the most"),
        ('[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = 1\nper_seconds = 0', "above 0"),
        (
            '[[price]]\nbackends = ["a"]\nmodel = "time"\ncurrency = "USD"\nprice = 1\nper_seconds = 1e-400',
            "at least 0",
        ),
        ("[units]\nUSD = 1e-400", "unit of USD .* at least 0"),
        ("plans = 3", r"\[plans\] in .* must be a table"),
        ("[plans]\nibm = 3", "the plan of ibm .* must be text"),
        ("[units]\nUSD = 0", "above 0, got 0 for USD"),
    ],
)
def test_bad_prices_are_refused_by_name(own_prices, text, message):
    own_prices.write_text(text)
    with pytest.raises(InputError, match=message):
        estimate_cost("local", [BELL], 1)


def test_the_widest_simulation_costs_as_much_as_its_limit(own_prices):
    own_prices.write_text(
        '[[price]]\nbackends = ["a"]\nmodel = "simulation"\ncurrency = "USD"\nprice = "0.5"\nleast_seconds = 3\n'
        'most_seconds = "10"\nupdates_per_second = ["1", "1e18"]\nwidth = "1e18"\n'
    )
    assert estimate_cost("a", [Circuit(1_000_000).h(0)], 1).amount == Decimal(5)


def test_a_missing_file_of_prices_is_an_error_and_no_other_price(own_prices):
    with pytest.raises(InputError, match="QTOOLKIT_PRICES names"):
        estimate_cost("local", [BELL], 1)


def test_arguments_are_checked():
    for wrong in ([], [3], 3, "text"):
        with pytest.raises(InputError, match="sequence of circuits"):
            estimate_cost("local", wrong, 1)
    with pytest.raises(InputError, match="shots must be an integer of at least 1"):
        estimate_cost("local", [BELL], 0)
    with pytest.raises(InputError, match="by its name"):
        estimate_cost(3, [BELL], 1)
    assert estimate_cost("quantinuum:h2", [Circuit(1000).x(0).measure_all()], 10**18).amount > 10**17


@pytest.mark.parametrize(
    ("given", "cap"),
    [
        (None, None),
        (5, (Decimal(5), "")),
        (Decimal("0.5"), (Decimal("0.5"), "")),
        ("5", (Decimal(5), "")),
        ("5.50 usd", (Decimal("5.50"), "USD")),
        ("7 ehqc", (Decimal(7), "eHQC")),
        ("3 points", (Decimal(3), "POINTS")),
    ],
)
def test_caps_are_read(given, cap):
    assert check_max_cost(given) == cap


@pytest.mark.parametrize("given", [-1, 0.5, True, "", "a lot", "NaN", "1 2 3", "inf", "1e999", b"5"])
def test_what_is_no_cap_is_refused(given):
    with pytest.raises(InputError, match="a cap is an amount"):
        check_max_cost(given)


def test_totals():
    one = CostEstimate(Decimal("1.10"), "USD", "a", least=Decimal("0.50"))
    two = CostEstimate(Decimal("2.20"), "USD", "b")
    total = total_cost([one, two])
    assert (total.amount, total.least, total.currency) == (Decimal("3.30"), Decimal("2.70"), "USD")
    assert "2 submissions" in total.reason
    assert total_cost([one]) is one
    assert total_cost([one, CostEstimate(None, "", "nobody knows")]).text == "unknown"
    with pytest.raises(InputError, match="in one currency, got HQC and USD"):
        total_cost([one, CostEstimate(Decimal(1), "HQC", "c")])
    for wrong in ([], [3], 3):
        with pytest.raises(InputError, match="sequence of estimates"):
            total_cost(wrong)


def test_every_model_is_documented_by_a_price_or_is_none():
    used = {price.model for price in price_table().prices}
    assert used == {*MODELS, "unknown"}
