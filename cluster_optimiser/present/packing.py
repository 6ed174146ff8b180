"""Whole numbers as short texts for the page's data: digits that need no escape in it."""

DIGITS = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"&<>\\')
BASE = len(DIGITS)

MOST_IN_TWO = BASE * (BASE - 1)
"""Numbers under this take two digits; others begin with the last digit and take four in all."""


def digits(value: int, n: int) -> str:
    """Write a number in so many digits.

    >>> digits(0, 2), digits(BASE + 1, 2)
    ('!!', '##')
    """
    text = ""
    for _ in range(n):
        value, low = divmod(value, BASE)
        text = DIGITS[low] + text
    return text


def packed_number(value: int) -> str:
    """Write a number in two digits, or in four if it is large.

    >>> packed_number(0), len(packed_number(MOST_IN_TWO))
    ('!!', 4)
    """
    return digits(value, 2) if value < MOST_IN_TWO else DIGITS[-1] + digits(value, 3)


def packed_list(values: list[int]) -> str:
    """Write small numbers with as many digits each as the largest takes; that many come first.

    >>> packed_list([0, 1, 2]), packed_list([0, BASE])
    ('1!#$', '2!!#!')
    """
    n = 1
    while BASE**n <= max(values, default=0):
        n += 1
    return str(n) + "".join(digits(value, n) for value in values)
