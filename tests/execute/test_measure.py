from __future__ import annotations

import dataclasses
import gc

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.execute.arrays import load_arrays, save_arrays
from qspec.execute.arrivals import Clock, poisson_arrivals, serve
from qspec.execute.judge.performance import PerformanceJudge
from qspec.execute.measure import PROFILES, Profile, measure
from qspec.execute.sessions import open_session
from qspec.execute.timings import Noise, Series, Timings
from qspec.stats.timing import speedup

TINY = Profile("tiny", 0.05, 64)


class FakeHost:
    """A machine whose clock moves only when a model is called: a mean time, noise, and a drift of the machine."""

    def __init__(self, seed: int = 0, noise: float = 0.05, drift: float = 0.0) -> None:
        self.now = self.process = 0.0
        self.noise, self.drift = noise, drift
        self.generator = np.random.default_rng(seed)
        self.log: list[str] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.process, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def model(self, session, label: str, seconds: float, waiting: float = 1.0):
        """The session, its calls replaced by ones that only move the clock; `waiting` is wall over CPU time."""

        def call() -> None:
            self.log.append(label)
            took = seconds * (1 + self.drift * self.now) * float(np.exp(self.generator.normal(0, self.noise)))
            self.process += took
            self.now += took * waiting

        session.prepare = lambda feeds: call
        return session


@pytest.fixture
def sessions(linear):
    return open_session(linear("a.onnx"), threads=1), open_session(linear("b.onnx"), threads=1)


@pytest.fixture
def x():
    return {"x": np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)}


def timed(host, sessions, x, seconds=(0.002, 0.001), waiting=(1.0, 1.0), **options):
    models = [
        host.model(s, label, t, w) for s, label, t, w in zip(sessions, "bq", seconds, waiting, strict=True)
    ]
    return measure(*models, x, clock=host.clock, **{"batch": 4, "profile": PROFILES["quick"], **options})


def test_a_real_pair_is_timed_on_the_real_clock(sessions, x):
    timings = measure(*sessions, x, batch=8, profile=TINY, most_seconds=120)
    assert timings.complete
    assert len(timings.baseline.rounds) == len(timings.quantized.rounds) >= 20
    assert min(len(timings.baseline.calls), len(timings.quantized.calls)) >= 64
    assert (timings.baseline.calls > 0).all()
    assert (timings.baseline.cpu > 0).all()
    assert timings.baseline.warm_up_calls >= 5
    assert (timings.scenario, timings.batch, timings.threads) == ("offline", 8, 1)
    assert 0.2 < speedup(timings.baseline.rounds, timings.quantized.rounds).estimate < 5


def test_a_model_against_itself_is_as_fast_as_itself(sessions, x):
    # At 95 % one interval in twenty may miss; these hosts are seeded, so that the count is always the same.
    covered = 0
    for seed in range(40):
        timings = timed(FakeHost(seed), sessions, x, (0.004, 0.004))
        interval = speedup(timings.baseline.rounds, timings.quantized.rounds)
        assert 0.98 < interval.estimate < 1.02
        covered += interval.low <= 1 <= interval.high
    assert covered >= 36


def test_a_drift_of_the_machine_does_not_bias_the_ratio(sessions, x):
    timings = timed(FakeHost(noise=0.01, drift=0.2), sessions, x, (0.004, 0.004))
    assert speedup(timings.baseline.rounds, timings.quantized.rounds).estimate == pytest.approx(1, abs=0.005)
    assert not timings.steady


def test_a_faster_model_gets_more_calls_in_slots_of_equal_length(sessions, x):
    host = FakeHost(noise=0.0)
    timings = timed(host, sessions, x, (0.005, 0.001))
    assert speedup(timings.baseline.rounds, timings.quantized.rounds).estimate == pytest.approx(5)
    assert len(timings.quantized.calls) == 5 * len(timings.baseline.calls)
    assert timings.throughput(timings.quantized) == pytest.approx(4000)
    assert timings.steady


def test_rounds_mirror_each_other(sessions, x):
    host = FakeHost(noise=0.0)
    timings = timed(host, sessions, x, (0.1, 0.1), profile=Profile("tiny", 0.01, 64), most_seconds=99)
    warm_up = timings.baseline.warm_up_calls + timings.quantized.warm_up_calls
    assert "".join(host.log[warm_up : warm_up + 16]) == "bqqbqbbq" * 2
    assert timings.order == "bqqb qbbq"


def test_durations_and_counts_follow_the_profile(sessions, x):
    slow = timed(FakeHost(), sessions, x, (0.05, 0.05))
    assert 64 <= len(slow.baseline.calls) <= 90
    standard = timed(FakeHost(), sessions, x, (0.05, 0.05), profile=PROFILES["standard"])
    assert len(standard.baseline.calls) >= 662
    quick = timed(FakeHost(), sessions, x, (0.001, 0.001))
    assert 2 <= quick.baseline.calls.sum() < 2.2


def test_mlperf_offline_counts_examples(sessions, x):
    profile = dataclasses.replace(PROFILES["mlperf"], seconds=1)
    timings = timed(FakeHost(), sessions, x, (0.001, 0.001), profile=profile, most_seconds=600)
    assert len(timings.baseline.calls) * 4 >= 24_576


def test_warm_up_is_excluded_recorded_and_as_long_as_asked(sessions, x):
    timings = timed(FakeHost(), sessions, x, warm_up_calls=123, warm_up_seconds=0.0)
    assert timings.baseline.warm_up_calls >= 123
    assert timings.baseline.settled
    timings = timed(FakeHost(), sessions, x, warm_up_seconds=1.5)
    assert timings.baseline.warm_up_seconds >= 1.5
    # Two groups of calls that never agree: warm-up gives up, and says so.
    wild = timed(FakeHost(noise=3.0), sessions, x, (1e-5, 1e-5), most_seconds=8)
    assert wild.baseline.settled == (wild.baseline.warm_up_seconds < 2)


def test_the_time_limit_ends_the_measurement_and_is_told(sessions, x):
    timings = timed(FakeHost(), sessions, x, (0.5, 0.5), most_seconds=30)
    assert not timings.complete
    assert len(timings.baseline.rounds) < 20
    with pytest.raises(QSpecError, match="time limit of 1 s was spent"):
        timed(FakeHost(), sessions, x, (5.0, 5.0), most_seconds=1)


def test_percentiles_need_their_number_of_calls():
    def series(count):
        calls = np.linspace(0.001, 0.002, count)
        return Series(calls, calls[:1], calls[:1], 5, 0.1, True)

    assert set(series(63).percentiles()) == {50.0}
    assert set(series(64).percentiles()) == {50.0, 90.0}
    assert set(series(130).percentiles()) == {50.0, 90.0, 95.0}
    assert set(series(662).percentiles()) == {50.0, 90.0, 95.0, 99.0}
    assert series(662).percentiles()[99.0] >= 0.00199


def test_a_host_on_which_one_model_waits_is_noisy(sessions, x):
    quiet = timed(FakeHost(), sessions, x)
    assert not quiet.noise.noisy
    assert quiet.noise.wall_ratio == pytest.approx(quiet.noise.cpu_ratio, rel=0.01)
    busy = timed(FakeHost(), sessions, x, waiting=(5.9, 1.0))
    assert busy.noise.noisy
    assert "by wall time" in (busy.noise.reason or "")
    assert "1.5" in (busy.noise.reason or "")


def test_a_host_on_which_both_models_wait_is_noisy_on_one_thread(sessions, x):
    busy = timed(FakeHost(), sessions, x, waiting=(2.0, 2.0))
    assert busy.noise.stretch == pytest.approx((2.0, 2.0), rel=0.01)
    assert "other work held the processor" in (busy.noise.reason or "")


def test_latencies_above_the_median_are_not_told_of_a_host_that_holds_calls_up(sessions, x):
    # One call in ten waits for long: medians and the ratio by CPU time know nothing of it.
    host = FakeHost(noise=0.01)
    models = [host.model(session, "b", 0.002) for session in sessions]
    call, number = models[0].prepare(None), iter(range(10**9))

    def sometimes() -> None:
        call()
        host.now += 0.03 if next(number) % 10 == 0 else 0.0

    models[0].prepare = lambda feeds: sometimes
    timings = measure(*models, x, batch=4, profile=PROFILES["quick"], clock=host.clock)
    assert "Calls on one thread took 2.5" in (timings.noise.reason or "")
    assert timings.held == pytest.approx(2.5, rel=0.1)
    assert timings.disturbed
    assert any("no latency above the median is told" in remark for remark in timings.remarks(""))
    told = [str(r.quantity) for r in PerformanceJudge({"": timings}, None).results()]
    assert told == ["throughput", "latency(p50)"]
    quiet = timed(FakeHost(noise=0.01), sessions, x)
    assert not quiet.disturbed
    assert len(list(PerformanceJudge({"": quiet}, None).results())) > 2


def test_more_threads_may_be_used_to_different_degrees():
    noise = Noise(3.0, 1.2, 1.5 * 2, None, None, None, None, None, None)
    assert not noise.noisy
    assert dataclasses.replace(noise, limit=1.5).noisy


def test_the_garbage_collector_rests_while_timing(sessions, x):
    host, seen = FakeHost(), set()
    models = [host.model(session, "b", 0.01) for session in sessions]
    call = models[0].prepare(None)
    models[0].prepare = lambda feeds: lambda: (seen.add(gc.isenabled()), call())
    measure(*models, x, batch=4, profile=TINY, clock=host.clock)
    assert seen == {False}
    assert gc.isenabled()


def test_both_models_are_fed_the_very_same_arrays(sessions, x):
    fed = []
    for session in sessions:
        prepare = session.prepare
        session.prepare = lambda feeds, prepare=prepare: fed.append(feeds["x"]) or prepare(feeds)
    measure(*sessions, x, batch=16, profile=TINY, most_seconds=120)
    assert len(fed) == 4
    assert fed[0] is fed[2]
    assert fed[1] is fed[3]


def test_fewer_examples_than_a_batch_are_repeated(sessions):
    fed = []
    prepare = sessions[0].prepare
    sessions[0].prepare = lambda feeds: fed.append(feeds["x"]) or prepare(feeds)
    measure(
        *sessions,
        {"x": np.arange(12, dtype=np.float32).reshape(3, 4)},
        batch=8,
        profile=TINY,
        most_seconds=120,
    )
    assert fed[0][:, 0].tolist() == [0, 4, 8, 0, 4, 8, 0, 4]


def test_arrivals_are_poisson_seeded_and_at_the_declared_rate():
    arrivals = poisson_arrivals(100, 20_000, np.random.default_rng(7))
    assert np.array_equal(arrivals, poisson_arrivals(100, 20_000, np.random.default_rng(7)))
    gaps = np.diff(arrivals)
    assert gaps.mean() == pytest.approx(0.01, rel=0.03)
    assert gaps.std() == pytest.approx(0.01, rel=0.03)
    with pytest.raises(QSpecError, match="positive rate"):
        poisson_arrivals(0, 1, np.random.default_rng(0))


def test_a_query_waits_for_the_one_before_it():
    host = FakeHost()

    def call() -> None:
        host.now += 1.0
        host.process += 0.25

    def wall() -> float:
        host.now += 1e-6  # a clock that is looked at moves
        return host.now

    clock = Clock(wall, lambda: host.process, host.sleep)
    latencies, busy, cpu = serve(call, np.array([0.5, 0.7, 5.0]), clock)
    assert latencies == pytest.approx([1.0, 1.8, 1.0], abs=1e-2)
    assert busy == pytest.approx(3.0, abs=1e-2)
    assert cpu == pytest.approx(0.75)


def test_a_server_is_timed_at_its_rate_on_the_real_clock(sessions, x):
    timings = measure(
        *sessions, x, batch=1, scenario="server", rate=2000.0, seed=3, profile=TINY, most_seconds=120
    )
    assert timings.complete
    assert timings.rate == 2000
    assert timings.seed == 3
    assert timings.baseline.utilization is not None
    assert timings.noise.cpu_ratio is None


def test_a_server_that_cannot_keep_up_is_told_by_its_utilization(sessions, x):
    host = FakeHost(noise=0.0)
    real = host.clock

    def wall() -> float:
        host.now += 1e-7
        return host.now

    models = [host.model(session, "b", 0.02) for session in sessions]
    timings = measure(
        *models,
        x,
        batch=1,
        scenario="server",
        rate=100.0,
        profile=PROFILES["quick"],
        clock=dataclasses.replace(real, wall=wall),
    )
    assert timings.baseline.utilization == pytest.approx(2, rel=0.2)
    assert timings.baseline.percentiles()[90.0] > 0.02


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scenario": "multi-stream"}, "no scenario 'multi-stream'"),
        ({"scenario": "single-stream", "batch": 4}, "single-stream cannot run batches of 4"),
        ({"scenario": "server", "batch": 1}, "server needs a rate"),
        ({"scenario": "offline", "rate": 5.0}, "offline has no arrivals"),
        ({"batch": 0}, "cannot run batches of 0"),
        ({"latency_bound": 0.01}, "latency bound of 0.01 s is declared for the scenario offline"),
    ],
)
def test_a_load_that_makes_no_sense_is_refused(sessions, x, options, message):
    with pytest.raises(QSpecError, match=message):
        measure(*sessions, x, **{"batch": 1, **options})


def test_a_server_says_how_many_queries_it_answered_in_time(sessions, x):
    host = FakeHost(noise=0.0)
    real = host.clock

    def wall() -> float:
        host.now += 1e-7
        return host.now

    models = [host.model(s, label, t) for s, label, t in zip(sessions, "bq", (0.02, 0.001), strict=True)]
    timings = measure(
        *models,
        x,
        batch=1,
        scenario="server",
        rate=20.0,
        latency_bound=0.025,
        profile=PROFILES["quick"],
        clock=dataclasses.replace(real, wall=wall),
    )
    slow, fast = timings.remarks("busy")
    assert "baseline model answered" in slow
    assert "of busy within 25 ms, which misses the 99% of a valid server run" in slow
    assert "quantized model answered 100.00%" in fast
    assert "reaches" in fast


def test_energy_is_counted_for_each_model_apart(sessions, x):
    host = FakeHost(noise=0.0)

    class TenWatts:
        name = "fake"

        def joules(self) -> float:
            return 10 * host.now

    timings = timed(host, sessions, x, (0.002, 0.001), meter=TenWatts())
    assert timings.meter == "fake"
    assert timings.baseline.joules == pytest.approx(0.02)
    assert timings.quantized.joules == pytest.approx(0.01)


def test_timings_survive_the_store(sessions, x, tmp_path):
    timings = timed(FakeHost(), sessions, x)
    save_arrays(tmp_path / "t.npz", timings.arrays())
    back = Timings.of(load_arrays(tmp_path / "t.npz"), timings.facts())
    assert back.facts() == timings.facts()
    assert back.noise == timings.noise
    assert np.array_equal(back.quantized.calls, timings.quantized.calls)
