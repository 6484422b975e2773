"""Checks the privacy accounting that a running headcount server states, with the arithmetic of others.

Usage: check_accounting.py ADDRESS      (ADDRESS such as 127.0.0.1:50051; a site must be there)

Nothing of headcount's own arithmetic is used. For each site the mechanisms are read with GetPrivacy, and then
- composed by Google's accountant (dp-accounting): the discrete Gaussians themselves, number by number, as privacy loss
  distributions that are rounded to the safe side;
- composed by the closed formula of Gaussian differential privacy, in forty digits (mpmath), as docs/PRIVACY.md has it;
- the tails behind the thresholds are summed up in forty digits;
- the epsilon and delta of regular visitors are computed anew.
Exit code 0 when every check passed, 1 when one failed.
"""

import functools
import itertools
import math
import sys

import mpmath
from dp_accounting.pld import privacy_loss_distribution
from dp_accounting.pld.common import DifferentialPrivacyParameters
from reflected import Server

STATS = "headcount.v1.StatsService"
# What one visitor-day adds to keys that nobody else touches (docs/PRIVACY.md, "Which keys appear").
VOTE_WEIGHTS = [77, 49, 31, 19, 12, 8, 5, 3, 2, 2]
# What discrete noise costs beside continuous noise of a variance less by 1 (docs/PRIVACY.md, "Budget").
LATTICE_PER_DAY = 1.1e-5
# Days in each week, month and quarter of a week, of a month and of a year in which somebody comes every day.
REGULAR = {
    "week": {"week": [7], "month": [7], "quarter": [7]},
    "month": {"week": [7, 7, 7, 7, 2], "month": [30], "quarter": [30]},
    "year": {
        "week": [7] * 53,
        "month": [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31],
        "quarter": [90, 91, 92, 92],
    },
}
CHECKS = []
mpmath.mp.dps = 40


def check(truth, message):
    CHECKS.append(bool(truth))
    print(("ok: " if truth else "FAILED: ") + message)


class Plan:
    """What a server says of one site."""

    def __init__(self, answer, tables, kinds):
        self.answer = answer
        self.mechanisms = list(answer.mechanisms)
        self.delta_noise = answer.delta - answer.delta_keys
        self._tables = tables
        self._kinds = kinds

    def table(self, mechanism):
        return self._tables[mechanism.table].removeprefix("TABLE_").lower()

    def kind(self, mechanism):
        return self._kinds[mechanism.period].removeprefix("PERIOD_KIND_").lower()

    def name(self, mechanism):
        return f"{self.table(mechanism)} by {self.kind(mechanism)}, {mechanism.what}"

    def alone(self, mechanism):
        """What one visitor-day adds to each key that it can be alone on."""
        views = self.answer.bounds.views_per_visitor_day
        if self.table(mechanism) == "page":
            return VOTE_WEIGHTS[:views] if mechanism.what.startswith("votes") else [1] * views
        return [1, 1] if self.table(mechanism) == "error" else [1]

    def moved(self, mechanism):
        """By how much one visitor-day moves how many counters, at most."""
        squared = mechanism.sensitivity_l2_squared
        if self.table(mechanism) == "page" and mechanism.what.startswith("votes"):
            return [(weight, 1) for weight in self.alone(mechanism)]
        if mechanism.what == "visitors":
            # The register of a sketch leaves the bin of the unused, which counts double, and enters another.
            return [(2, squared // 5), (1, squared // 5)]
        return [(1, squared)]

    def guard_epsilon(self, mechanism):
        """The pure epsilon of a guard on keys (docs/PRIVACY.md, "The guard on keys")."""
        scale = math.ceil(2.507 * mechanism.sigma)
        return 2 * math.sqrt(mechanism.sensitivity_l2_squared) / scale

    def selecting(self):
        return [m for m in self.mechanisms if m.threshold > 0]


def composed(plan):
    """All numbers of a visitor-day as one privacy loss distribution, by Google's accountant."""
    whole = privacy_loss_distribution.identity(value_discretization_interval=1e-3)
    for mechanism in plan.mechanisms:
        if mechanism.what == "guard on keys":
            pure = DifferentialPrivacyParameters(plan.guard_epsilon(mechanism), 0)
            whole = whole.compose(
                privacy_loss_distribution.from_privacy_parameters(pure, value_discretization_interval=1e-3)
            )
            continue
        for by, times in plan.moved(mechanism):
            one = privacy_loss_distribution.from_discrete_gaussian_mechanism(
                sigma=mechanism.sigma, sensitivity=by, value_discretization_interval=1e-3, use_connect_dots=True
            )
            whole = whole.compose(one.self_compose(times))
    return whole


def gaussian_delta(rho, epsilon, days=1):
    """The delta of Gaussian noise (Balle, Wang 2018, Theorem 8), with the allowance for the lattice."""
    epsilon = mpmath.mpf(epsilon) - 2 * days * LATTICE_PER_DAY
    if epsilon <= 0:
        return mpmath.mpf(1)
    mu = mpmath.sqrt(2 * rho)
    delta = mpmath.ncdf(mu / 2 - epsilon / mu) - mpmath.exp(epsilon) * mpmath.ncdf(-mu / 2 - epsilon / mu)
    return delta * mpmath.exp(days * LATTICE_PER_DAY)


def gaussian_epsilon(rho, delta, days):
    low, high = mpmath.mpf(0), mpmath.mpf(1_000_000)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if gaussian_delta(rho, middle, days) <= delta else (middle, high)
    return float(high)


def rho(mechanism):
    return mpmath.mpf(mechanism.sensitivity_l2_squared) / (2 * (mpmath.mpf(mechanism.sigma) ** 2 - 1))


@functools.cache
def tails(sigma):
    """Sums of the weights exp(-x^2 / (2 sigma^2)) from each x >= 0 on, and the sum over all integers."""
    variance = mpmath.mpf(sigma) ** 2
    weights = (mpmath.exp(-mpmath.mpf(x * x) / (2 * variance)) for x in reversed(range(int(14 * sigma) + 2)))
    sums = list(itertools.accumulate(weights))[::-1]
    return sums, 2 * sums[1] + 1


def tail(sigma, start):
    """P(X >= start) of the discrete Gaussian, in forty digits."""
    if start <= 0:
        return 1 - tail(sigma, 1 - start)
    sums, total = tails(sigma)
    return sums[start] / total if start < len(sums) else mpmath.mpf(0)


def appears(mechanism, counts):
    """The chance that one of the keys with these counts passes the threshold."""
    none = mpmath.fprod(1 - tail(mechanism.sigma, mechanism.threshold - count) for count in counts)
    return 1 - none


def check_noise(plan):
    stated = mpmath.mpf(plan.answer.rho_nano) / 10**9
    spent = mpmath.fsum(rho(m) for m in plan.mechanisms)
    for mechanism in plan.mechanisms:
        if mechanism.what == "guard on keys":
            epsilon = plan.guard_epsilon(mechanism)
            right = mpmath.exp(epsilon) / (1 + mpmath.exp(epsilon))
            mu = 2 * mpmath.findroot(lambda x, right=right: mpmath.ncdf(x) - right, 0.01)
            check(mu**2 / 2 <= rho(mechanism), f"{plan.name(mechanism)}: epsilon {epsilon:.4f} is covered by its rho")
    check(0.98 * stated < spent <= stated, f"rho: {float(spent):.9f} spent of {float(stated):.9f}")
    delta = gaussian_delta(stated, plan.answer.epsilon)
    check(
        0.999 * plan.delta_noise < delta <= plan.delta_noise,
        f"delta of rho by the closed formula: {float(delta):.4e} of {plan.delta_noise:.4e}",
    )
    whole = composed(plan)
    delta = whole.get_delta_for_epsilon(plan.answer.epsilon)
    check(
        0.2 * plan.delta_noise < delta <= plan.delta_noise,
        f"delta of the discrete noise by Google's accountant: {delta:.4e} of {plan.delta_noise:.4e}",
    )
    epsilon = whole.get_epsilon_for_delta(plan.delta_noise)
    check(
        0.9 * plan.answer.epsilon < epsilon <= plan.answer.epsilon,
        f"epsilon of the discrete noise by Google's accountant: {epsilon:.4f} of {plan.answer.epsilon}",
    )


def check_thresholds(plan):
    selecting = plan.selecting()
    each = plan.answer.delta_keys / len(selecting)
    for mechanism in selecting:
        alone = plan.alone(mechanism)
        chance = mpmath.fsum(tail(mechanism.sigma, mechanism.threshold - add) for add in alone)
        lower = mpmath.fsum(tail(mechanism.sigma, mechanism.threshold - 1 - add) for add in alone)
        check(
            chance <= each < lower,
            f"{plan.name(mechanism)}: a key of one visitor-day appears with {float(chance):.2e} of {each:.2e}",
        )


def regular(plan, periods):
    """Epsilon and delta for somebody who comes every day."""
    days = sum(periods["month"])
    spent, none = mpmath.mpf(0), mpmath.mpf(1)
    each = mpmath.mpf(plan.answer.delta_keys) / len(plan.selecting())
    for mechanism in plan.mechanisms:
        of_kind = periods.get(plan.kind(mechanism), [])
        if plan.kind(mechanism) in ("hour", "day"):
            times = days
        elif mechanism.what == "visitors":
            times = days if plan.table(mechanism) == "page" else len(of_kind)
        else:
            times = sum(k * k for k in of_kind)
        spent += rho(mechanism) * times
        if mechanism.threshold > 0:
            none *= (1 - each) ** days
            for k in of_kind:
                none *= 1 - appears(mechanism, [k * add for add in plan.alone(mechanism)])
    return gaussian_epsilon(spent, plan.delta_noise, days), float(plan.delta_noise + 1 - none)


def check_regular(plan):
    for name, periods in REGULAR.items():
        epsilon, delta = regular(plan, periods)
        said = getattr(plan.answer, f"epsilon_{name}"), getattr(plan.answer, f"delta_{name}")
        check(
            math.isclose(said[0], epsilon, rel_tol=1e-4) and math.isclose(said[1], min(1, delta), rel_tol=1e-4),
            f"every day of a {name}: ({said[0]:.5g}, {said[1]:.3g}) stated, ({epsilon:.5g}, {delta:.3g}) found",
        )


def main():
    server = Server(sys.argv[1])
    stats = server.service(STATS)
    tables = {number: name for name, number in server.enum("headcount.v1.Table").items()}
    kinds = {number: name for name, number in server.enum("headcount.v1.PeriodKind").items()}
    for site in stats.call("ListSites").sites:
        answer = stats.call("GetPrivacy", site=site.site)
        print(f"site {site.site}, profile {answer.profile}")
        plan = Plan(answer, tables, kinds)
        check_noise(plan)
        check_thresholds(plan)
        check_regular(plan)
    check(len(CHECKS) > 15, f"{len(CHECKS)} checks were made")
    sys.exit(0 if all(CHECKS) else 1)


if __name__ == "__main__":
    main()
