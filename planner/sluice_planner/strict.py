"""Checks of JSON values that name the place, what was expected there and what was found.

A check is a function of (value, place) that returns what the value means, or raises a Failure.
"""
import json

from .failure import FORMAT, Failure


def wrong(place, expected, found):
    text = found if isinstance(found, Nothing) else json.dumps(found)
    return Failure(FORMAT, f"{place}: expected {expected}, found {text if len(str(text)) < 80 else str(text)[:77] + '...'}")


class Nothing(str):
    """A value that is no value, as it is spelt in a message."""


def parse(text, place):
    """JSON without what Python adds to it: NaN and Infinity are kept as Nothing, a key that is there twice is an error."""
    def pairs(items):
        keys = [key for key, _ in items]
        for key in keys:
            if keys.count(key) > 1:
                raise Failure(FORMAT, f"{place}: the key '{key}' is there twice in one object")
        return dict(items)

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=Nothing)
    except json.JSONDecodeError as e:
        raise Failure(FORMAT, f"{place}: is no JSON from line {e.lineno} on: {e.msg}") from None


def whole(least):
    def check(value, place):
        if isinstance(value, bool) or not isinstance(value, int) or value < least or value >= 2**53:
            raise wrong(place, f"a whole number of {least} or more", value)
        return value
    return check


def real(value, place):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise wrong(place, "a number of 0 or more", value)
    return value


def text(value, place):
    if not isinstance(value, str) or isinstance(value, Nothing) or not value:
        raise wrong(place, "a text", value)
    return value


def flag(value, place):
    if not isinstance(value, bool):
        raise wrong(place, "true or false", value)
    return value


def one_of(*allowed):
    def check(value, place):
        if isinstance(value, bool) or value not in allowed or isinstance(value, Nothing):
            raise wrong(place, "one of " + ", ".join(map(str, allowed)), value)
        return value
    return check


def optional(check):
    return lambda value, place: None if value is None else check(value, place)


def items(check, count=None):
    def check_list(value, place):
        if not isinstance(value, list) or count not in (None, len(value)):
            raise wrong(place, "a list" if count is None else f"a list of {count}", value)
        return [check(element, f"{place}[{i}]") for i, element in enumerate(value)]
    return check_list


def fields(**checks):
    """An object with exactly these keys, as a dictionary of what they mean."""
    def check(value, place):
        if not isinstance(value, dict):
            raise wrong(place, "an object", value)
        unknown, missing = set(value) - set(checks), set(checks) - set(value)
        if unknown:
            raise Failure(FORMAT, f"{place}: unknown key '{min(unknown)}', expected {', '.join(checks)}")
        if missing:
            raise Failure(FORMAT, f"{place}: the key '{min(missing)}' is missing")
        return {key: check_one(value[key], f"{place}.{key}") for key, check_one in checks.items()}
    return check
