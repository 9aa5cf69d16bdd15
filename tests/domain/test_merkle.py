"""Merkle trees as RFC 6962 has them: its own vectors, and what holds of every tree."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from treaty_notifier.merkle import EMPTY, Peaks, leaf_hash, path, root_of

# The leaves and roots that the test suites of Certificate Transparency share.
CONTENTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
sizes = st.integers(min_value=1, max_value=70)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def test_the_roots_of_certificate_transparency_come_out() -> None:
    hashes = [leaf_hash(content) for content in CONTENTS]

    assert Peaks().root == EMPTY == hashlib.sha256(b"").digest()
    assert [Peaks().grown(hashes[:size]).root.hex() for size in range(1, 9)] == ROOTS


@given(sizes, sizes)
def test_a_tree_that_grew_is_the_tree_that_was_made_at_once(first: int, more: int) -> None:
    every = leaves(first + more)

    assert Peaks().grown(every[:first]).grown(every[first:]) == Peaks().grown(every)


@given(sizes, st.data())
def test_a_path_leads_to_the_root_and_from_no_other_leaf_or_place(size: int, data: st.DataObject) -> None:
    every = leaves(size)
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    root, way = Peaks().grown(every).root, path(every, index)

    assert root_of(every[index], index=index, size=size, path=way) == root
    assert root_of(leaf_hash(b"another"), index=index, size=size, path=way) != root
    for other in {index - 1, index + 1, size, -1}:
        assert root_of(every[index], index=other, size=size, path=way) != root
    assert root_of(every[index], index=index, size=size, path=[*way, b"x" * 32]) != root
    if way:
        assert root_of(every[index], index=index, size=size, path=way[:-1]) != root


@given(st.integers(min_value=2, max_value=70), st.data())
def test_an_altered_leaf_is_another_root(size: int, data: st.DataObject) -> None:
    every = leaves(size)
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    altered = [*every[:index], leaf_hash(b"another"), *every[index + 1 :]]

    assert Peaks().grown(altered).root != Peaks().grown(every).root
