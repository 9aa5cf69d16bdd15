"""Replays under way: how far they are, pausing, going on, ending."""

from fastapi import APIRouter

from treaty_notifier.api.access import TheCaller, owned_subscription
from treaty_notifier.api.desk import Desk, TheDesk
from treaty_notifier.api.schemas import ReplayChange, ReplayList, ReplayView, replay_view
from treaty_notifier.errors import ReplayUnknown
from treaty_notifier.outbox import Replay, ReplayState

router = APIRouter(prefix="/v1/subscriptions/{subscription_id}/replays", tags=["messages"])


@router.get("", operation_id="listReplays", summary="Replays, newest first")
async def list_(subscription_id: str, desk: TheDesk, caller: TheCaller) -> ReplayList:
    """Those that have ended as well; what failed in one goes on being tried."""
    await owned_subscription(desk, caller, subscription_id)
    return ReplayList(replays=[replay_view(one) for one in await desk.call(desk.outbox.replays, subscription_id)])


@router.get("/{replay_id}", operation_id="readReplay", summary="How far a replay is")
async def read(subscription_id: str, replay_id: str, desk: TheDesk, caller: TheCaller) -> ReplayView:
    await owned_subscription(desk, caller, subscription_id)
    found = await desk.call(desk.outbox.replays, subscription_id)
    return replay_view(_present(next((one for one in found if one.id == replay_id), None), replay_id))


@router.patch("/{replay_id}", operation_id="changeReplay", summary="Pause a replay, or let it go on")
async def change(
    subscription_id: str, replay_id: str, wanted: ReplayChange, desk: TheDesk, caller: TheCaller
) -> ReplayView:
    """What has ended stays as it is."""
    await owned_subscription(desk, caller, subscription_id)
    found = await _changed(desk, subscription_id, replay_id, ReplayState(wanted.state))
    desk.wake()
    return replay_view(found)


@router.delete("/{replay_id}", status_code=204, operation_id="cancelReplay", summary="End a replay")
async def cancel(subscription_id: str, replay_id: str, desk: TheDesk, caller: TheCaller) -> None:
    """What it has sent stays sent."""
    await owned_subscription(desk, caller, subscription_id)
    await _changed(desk, subscription_id, replay_id, ReplayState.CANCELLED)


async def _changed(desk: Desk, subscription_id: str, replay_id: str, state: ReplayState) -> Replay:
    found = await desk.call(desk.outbox.change_replay, subscription_id, replay_id, state=state)
    return _present(found, replay_id)


def _present(found: Replay | None, replay_id: str) -> Replay:
    if found is None:
        raise ReplayUnknown(
            f"This subscription has no such replay (replay: {replay_id[:60]}); GET its replays to see those it has"
        )
    return found
