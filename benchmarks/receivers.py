"""``python -m benchmarks.receivers``: what receivers by other people make of what we sign, beside what they must."""

import sys

from tests.receivers.matrix import CASES, RECEIVERS, NoReceiver, expected, said


def main() -> int:
    """1 when an expectation is not met."""
    met = asked = 0
    for receiver, (scheme, _) in RECEIVERS.items():
        wanted = expected(scheme)
        try:
            answers = said(receiver)
        except NoReceiver as reason:
            print(f"{receiver:24} {scheme:4} left out: {reason}")
            continue
        wrong = [case for case in wanted if answers[case] is not wanted[case]]
        met, asked = met + len(wanted) - len(wrong), asked + len(wanted)
        print(f"{receiver:24} {scheme:4} {len(wanted) - len(wrong)} of {len(wanted)} as expected")
        for case, holder in wrong:
            print(f"{'':24} {case}, {holder} key: {'verified' if answers[case, holder] else 'refused'}")
    print(f"{len(CASES)} cases x {len(RECEIVERS)} receivers x 3 keys: {met} of {asked} expectations met")
    return 0 if met == asked else 1


if __name__ == "__main__":
    sys.exit(main())
