"""Checks the privacy accounting that a running headcount server states with Google's accountant (dp-accounting).

Usage: check_accounting.py ADDRESS      (ADDRESS such as 127.0.0.1:50051; a site must be there)

Nothing of headcount's own arithmetic is used: the mechanisms are read with GetPrivacy, composed by two accountants of
another author (Renyi and privacy loss distributions), and the thresholds are summed up with mpmath. Exit code 0 when
every check passed, 1 when one failed.
"""

import math
import sys

import dp_accounting
import mpmath
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant
from reflected import Server

STATS = "headcount.v1.StatsService"
# What one visitor-day adds to keys that nobody else touches (docs/PRIVACY.md, "Which keys appear").
VOTE_WEIGHTS = [77, 49, 31, 19, 12, 8, 5, 3, 2, 2]
CHECKS = []


def check(truth, message):
    CHECKS.append(bool(truth))
    print(("ok: " if truth else "FAILED: ") + message)


def composed(accountant, mechanisms, delta):
    """Epsilon of all mechanisms together."""
    for mechanism in mechanisms:
        multiplier = mechanism.sigma / math.sqrt(mechanism.sensitivity_l2_squared)
        accountant.compose(dp_accounting.GaussianDpEvent(multiplier))
    return accountant.get_epsilon(delta)


def tail(sigma, start):
    """P(X >= start) of the discrete Gaussian, in forty digits."""
    mpmath.mp.dps = 40
    sigma = mpmath.mpf(sigma)
    reach = int(15 * sigma) + 2
    weight = lambda x: mpmath.exp(-(mpmath.mpf(x) ** 2) / (2 * sigma**2))
    total = 1 + 2 * sum(weight(x) for x in range(1, reach))
    return sum(weight(x) for x in range(start, max(start, 0) + reach)) / total


def alone(table, what, views):
    """What one visitor-day adds to each key that it can be alone on."""
    if table == "TABLE_PAGE":
        return VOTE_WEIGHTS[:views] if what.startswith("votes") else [1] * views
    return [1, 1] if table == "TABLE_ERROR" else [1]


def check_thresholds(answer, names):
    selecting = [m for m in answer.mechanisms if m.threshold > 0]
    each = answer.delta_keys / len(selecting)
    for mechanism in selecting:
        table = names[mechanism.table]
        adds = alone(table, mechanism.what, answer.bounds.views_per_visitor_day)
        appears = sum(tail(mechanism.sigma, mechanism.threshold - add) for add in adds)
        lower = sum(tail(mechanism.sigma, mechanism.threshold - 1 - add) for add in adds)
        fits = appears <= each < lower
        check(fits, f"{table} {mechanism.what}: a key of one visitor-day appears with {float(appears):.2e} of {each:.2e}")


def main():
    server = Server(sys.argv[1])
    answer = server.service(STATS).call("GetPrivacy")
    names = {number: name for name, number in server.enum("headcount.v1.Table").items()}
    delta_noise = answer.delta - answer.delta_keys
    spent = sum(m.sensitivity_l2_squared / (2 * m.sigma**2) for m in answer.mechanisms)
    stated = answer.rho_nano / 1e9
    check(0.99 * stated < spent <= stated, f"rho: {spent:.9f} spent of {stated:.9f}")
    # Many orders, so that the accountant finds the same best order as the closed form.
    orders = [1 + x / 50 for x in range(1, 4_000)]
    renyi = composed(RdpAccountant(orders), answer.mechanisms, delta_noise)
    check(0.99 * answer.epsilon < renyi <= answer.epsilon, f"epsilon by Renyi accounting: {renyi:.4f} of {answer.epsilon}")
    exact = composed(PLDAccountant(), answer.mechanisms, delta_noise)
    check(exact <= answer.epsilon, f"epsilon by privacy loss distributions: {exact:.4f} of {answer.epsilon}")
    check_thresholds(answer, names)
    check(len(CHECKS) > 8, f"{len(CHECKS)} checks were made")
    sys.exit(0 if all(CHECKS) else 1)


if __name__ == "__main__":
    main()
