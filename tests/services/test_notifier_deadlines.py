"""Many deadlines on one timer."""

import asyncio

from treaty_notifier.sender.deadlines import Deadlines


def test_each_deadline_comes_once_and_in_its_order_whatever_order_they_were_set_in() -> None:
    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        deadlines, rung, over = Deadlines(loop), list[str](), asyncio.Event()
        began = loop.time()
        for name, after in (("third", 0.06), ("first", 0.02), ("forgotten", 0.03), ("second", 0.04)):
            deadlines.watch(name, began + after, lambda name=name: rung.append(name))
        deadlines.watch("last", began + 0.08, over.set)
        deadlines.forget("forgotten")
        async with asyncio.timeout(10):
            await over.wait()
        return rung

    assert asyncio.run(run()) == ["first", "second", "third"]


def test_a_deadline_set_while_another_one_rings_is_kept() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        deadlines, over = Deadlines(loop), asyncio.Event()
        deadlines.watch("first", loop.time(), lambda: deadlines.watch("second", loop.time(), over.set))
        async with asyncio.timeout(10):
            await over.wait()

    asyncio.run(run())


def test_nothing_rings_after_the_end() -> None:
    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        deadlines, rung = Deadlines(loop), list[str]()
        deadlines.watch("one", loop.time() + 0.01, lambda: rung.append("one"))
        deadlines.close()
        await asyncio.sleep(0.03)
        return rung

    assert asyncio.run(run()) == []
