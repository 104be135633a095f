"""
Distributions of numbers between bounds, by their quantile functions.

Made of the basic operations and the square root alone, which IEEE 754 rounds in one way: the logarithm of one machine's
C library is not that of another's, and values have to be the same on all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import frexp, ldexp, sqrt

from attrs import frozen

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "uniform": (),
    "normal": ("mean", "deviation"),
    "lognormal": ("median", "sigma"),
    "exponential": ("mean",),
    "zipf": ("exponent",),
}
"""What each distribution needs, all above 0 but for the mean of `normal`."""

LEAST_SHARE = 1e-6
"""Less of a distribution than this between the bounds is a mistake: nothing could be told apart there."""

_LN2 = 0.6931471805599453
_SQRT_HALF = 0.7071067811865476
_TERMS = 14


@frozen(kw_only=True)
class Distribution:
    """A distribution by its name, and its parameters in the unit of the values."""

    name: str
    parameters: tuple[float, ...]


@frozen(kw_only=True)
class Window:
    """The part of a distribution between two bounds, counted in `unit`s of a value; `share` is how much that is."""

    quantile: Callable[[float], float]
    low: float
    share: float
    least: int
    most: int
    unit: float

    def number(self, chance: float) -> int:
        """The number from `least` to `most` that this chance, above 0 and below 1, gives."""
        value = self.quantile(self.low + self.share * chance) * self.unit
        return min(max(round(value), self.least), self.most)


def window(distribution: Distribution, least: int, most: int, places: int) -> Window:
    """The part of a distribution from `least` to `most`, which are whole numbers of `10 ** -places`."""
    unit = float(10**places)
    quantile = _quantile(distribution, least / unit, most / unit)
    low, high = (_chance(quantile, bound / unit) for bound in (least, most))
    return Window(quantile=quantile, low=low, share=high - low, least=least, most=most, unit=unit)


def zipf(exponent: float, size: int) -> Callable[[float], int]:
    """Numbers from 0 to below `size`, the first ones most often: a Pareto distribution between bounds, rounded down."""
    if exponent == 1.0:
        span = ln(size + 1.0)
        return lambda chance: min(int(exp(span * chance)), size) - 1
    power = 1.0 - exponent
    end = exp(power * ln(size + 1.0)) - 1.0
    return lambda chance: min(int(exp(ln(end * chance + 1.0) / power)), size) - 1


def ln(value: float) -> float:
    """The natural logarithm of a number above 0, by the series of the inverse hyperbolic tangent."""
    mantissa, exponent = frexp(value)
    if mantissa < _SQRT_HALF:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square, total = ratio * ratio, 0.0
    for term in range(_TERMS, -1, -1):
        total = total * square + 1.0 / (2 * term + 1)
    return 2.0 * ratio * total + exponent * _LN2


def exp(value: float) -> float:
    """The exponential function, by its series; infinite numbers are not answered, but the largest."""
    value = min(max(value, -700.0), 700.0)
    halvings = round(value / _LN2)
    rest, total = value - halvings * _LN2, 1.0
    for term in range(_TERMS + 2, 0, -1):
        total = total * rest / term + 1.0
    return ldexp(total, halvings)


def normal(chance: float) -> float:
    """The quantile of the standard normal distribution (Wichura 1988, algorithm AS 241, PPND16)."""
    centred = chance - 0.5
    if abs(centred) <= 0.425:  # noqa: PLR2004 - of the algorithm, as all numbers here
        square = 0.180625 - centred * centred
        return centred * _ratio(_MIDDLE, square)
    root = sqrt(-ln(chance if centred <= 0.0 else 1.0 - chance))
    found = _ratio(_TAIL, root - 1.6) if root <= 5.0 else _ratio(_FAR, root - 5.0)  # noqa: PLR2004
    return -found if centred < 0.0 else found


def _quantile(distribution: Distribution, least: float, most: float) -> Callable[[float], float]:
    one, *other = distribution.parameters
    if distribution.name == "normal":
        return lambda chance: one + other[0] * normal(chance)
    if distribution.name == "lognormal":
        return lambda chance: one * exp(other[0] * normal(chance))
    if distribution.name == "exponential":
        return lambda chance: least - one * ln(1.0 - chance)
    numbers = zipf(one, int(most - least) + 1)
    return lambda chance: least + numbers(chance)


def _chance(quantile: Callable[[float], float], value: float) -> float:
    """How much of the distribution lies below a value: its quantile function turned round, by bisection."""
    low, high = 1e-15, 1.0 - 1e-15
    for _ in range(60):
        middle = (low + high) / 2.0
        if quantile(middle) < value:
            low = middle
        else:
            high = middle
    return high


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], value: float) -> float:
    above = below = 0.0
    for one, other in zip(*coefficients, strict=True):
        above, below = above * value + one, below * value + other
    return above / below


_MIDDLE = (
    (
        2509.0809287301227,
        33430.57558358813,
        67265.7709270087,
        45921.95393154987,
        13731.69376550946,
        1971.5909503065513,
        133.14166789178438,
        3.3871328727963665,
    ),
    (
        5226.495278852854,
        28729.085735721943,
        39307.89580009271,
        21213.794301586597,
        5394.196021424751,
        687.1870074920579,
        42.31333070160091,
        1.0,
    ),
)
_TAIL = (
    (
        0.0007745450142783414,
        0.022723844989269184,
        0.2417807251774506,
        1.2704582524523684,
        3.6478483247632045,
        5.769497221460691,
        4.630337846156546,
        1.4234371107496835,
    ),
    (
        1.0507500716444169e-09,
        0.0005475938084995345,
        0.015198666563616457,
        0.14810397642748008,
        0.6897673349851,
        1.6763848301838038,
        2.053191626637759,
        1.0,
    ),
)
_FAR = (
    (
        2.0103343992922881e-07,
        2.7115555687434876e-05,
        0.0012426609473880784,
        0.026532189526576124,
        0.29656057182850487,
        1.7848265399172913,
        5.463784911164114,
        6.657904643501103,
    ),
    (
        2.0442631033899397e-15,
        1.421511758316446e-07,
        1.8463183175100548e-05,
        0.0007868691311456133,
        0.014875361290850615,
        0.1369298809227358,
        0.599832206555888,
        1.0,
    ),
)
