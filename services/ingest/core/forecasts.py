"""How long a backfill has still to go, told from how its feeds have got on, and not before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from services.schema.words import FactKind

_MILLISECOND = timedelta(milliseconds=1)
_MOVES_TO_TELL = 2
_SHARE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one feed of a backfill stands."""

    kind: FactKind
    days: int
    share: Decimal
    """Of its days, from 0 to 1."""
    is_over: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a backfill looks like from where it stands."""

    share: Decimal
    """Of the time that all of it takes, behind what was read before; never less than was told."""
    left: timedelta | None
    """Null until enough has been seen to say it."""


@dataclass(slots=True)
class _Track:
    """When a feed got on, in milliseconds since the beginning, and how far it was then."""

    stood: Fraction
    """How far it was at the beginning."""
    moves: list[tuple[int, Fraction]] = field(default_factory=list)
    since: int = 0
    """The first move since fewer are read beside it."""
    eased: Fraction = Fraction(1)
    """Of the time that it took before so much, perhaps: until it is seen again."""
    took: int | None = None
    """How long the whole took at most; null while it is not done."""

    def note(self, at: int, share: Fraction) -> None:
        last = self.moves[-1][1] if self.moves else self.stood
        if share < last:
            # Somebody has begun anew, from its first day on.
            self.moves, self.since, self.eased = [], 0, Fraction(1)
        if share and share != last:
            self.moves.append((at, share))

    def left(self, at: int) -> Fraction | None:
        """Milliseconds, as the whole of its road tells or the later half, whichever is slower."""
        moves, eased = self.moves[self.since :], Fraction(1)
        if len(moves) <= _MOVES_TO_TELL:
            moves, eased = self.moves, self.eased
        if len(moves) < _MOVES_TO_TELL:
            return None
        half = (moves[0][0] + moves[-1][0]) // 2
        later = [move for move in moves if move[0] >= half]
        told = [each for each in (moves, later) if len(each) >= _MOVES_TO_TELL]
        return eased * max(_left(each, at) for each in told)

    def ease(self, share: Fraction) -> None:
        """From now on there is less in its way: `share` of what there was before."""
        if len(self.moves) >= _MOVES_TO_TELL:
            # Perhaps it was in nobody's way: the middle is at most half the truth off.
            self.eased *= (1 + share) / 2
        self.since = len(self.moves)


def _left(moves: list[tuple[int, Fraction]], at: int) -> Fraction:
    """By the pace between some moves; a step that takes longer than they did slows it down."""
    (first, begun), (last, done) = moves[0], moves[-1]
    idle = Fraction(at - last)
    usual = min(idle, Fraction(last - first, len(moves) - 1))
    whole = (last - first + idle - usual) / (done - begun)
    return max(whole * (1 - done) - usual, Fraction(0))


class Forecast:
    """Feeds weigh as much as they take: a quick one that is done says little of the others."""

    def __init__(self, begun: datetime, stood: Mapping[str, Stand], *, at_once: int) -> None:
        """`stood` is how the feeds stand at the beginning, in the order of their turns.

        Each has a name that stays. `at_once` is how many of them are read side by side.
        """
        self._begun = begun
        self._at_once = at_once
        shares = {name: Fraction(each.share) for name, each in stood.items() if not each.is_over}
        # Those that are not read from the beginning on wait for a place.
        self._tracks = {
            name: _Track(share, [(0, share)] if place < at_once else [])
            for place, (name, share) in enumerate(shares.items())
        }
        read = sum((stand.days * stand.share for stand in stood.values()), Decimal(0))
        self._stood = read / max(sum(stand.days for stand in stood.values()), 1)
        self._over: set[str] = set()
        self._over_since = 0
        self._places = min(at_once, len(shares))
        self._shown = self._stood.quantize(_SHARE, ROUND_DOWN)

    def look(self, at: datetime, stands: Mapping[str, Stand]) -> Outlook:
        """The feeds as they stand now; those that were over at the beginning tell nothing."""
        gone = (at - self._begun) // _MILLISECOND
        stands = {name: stands[name] for name in self._tracks}
        for name, stand in stands.items():
            self._tracks[name].note(gone, Fraction(stand.share))
        over = {name for name, stand in stands.items() if stand.is_over}
        if over != self._over:
            self._note_over(over, gone)
        if len(over) == len(stands):
            return Outlook(Decimal(1), timedelta(0))
        left = self._left(gone, stands)
        if left is None:
            return Outlook(self._shown, None)
        share = self._stood + (1 - self._stood) * gone / max(gone + round(left), 1)
        self._shown = max(self._shown, share.quantize(_SHARE, ROUND_DOWN))
        return Outlook(self._shown, round(left) * _MILLISECOND)

    def _note_over(self, over: set[str], gone: int) -> None:
        """That some more are done by now."""
        for name in over - self._over:
            # Of so many that are done one after another, at as many places.
            self._tracks[name].took = (gone - self._over_since) * self._at_once
        places = min(self._at_once, max(len(self._tracks) - len(over), 1))
        if places < self._places:
            for track in self._tracks.values():
                track.ease(Fraction(places, self._places))
        self._over, self._over_since, self._places = over, gone, places

    def _left(self, gone: int, stands: Mapping[str, Stand]) -> Fraction | None:
        """Milliseconds until all are done; null until each that was begun first can be told."""
        lefts = {
            name: left
            for name in stands.keys() - self._over
            if (left := self._tracks[name].left(gone)) is not None
        }
        if not (lefts.keys() | self._over).issuperset([*stands][: self._at_once]):
            return None
        waiting = stands.keys() - self._over - lefts.keys()
        paces = self._paces(stands, lefts)
        if waiting and not paces:
            return None
        for name in waiting:
            # In its turn as slow as the slowest of its kind, or of all.
            stand = stands[name]
            pace = paces.get(stand.kind) or max(paces.values())
            lefts[name] = pace * stand.days * (1 - Fraction(stand.share))
        # Either they are in each other's way, at one processor or one key's pace, and whoever
        # remains will go on faster; or they are not.
        shared = sum(lefts.values(), Fraction(0)) / min(self._at_once, len(lefts))
        return (shared + max(shared, *lefts.values())) / 2

    def _paces(
        self, stands: Mapping[str, Stand], lefts: Mapping[str, Fraction]
    ) -> dict[FactKind, Fraction]:
        """The milliseconds that a day takes of each kind's slowest feed."""
        found: dict[FactKind, Fraction] = {}
        for name, stand in stands.items():
            track = self._tracks[name]
            took, moves = track.took, track.moves
            if name in lefts and stand.share < 1:
                pace = lefts[name] / (stand.days * (1 - Fraction(stand.share)))
            elif took is not None and len(moves) >= _MOVES_TO_TELL:
                (first, begun), (last, done) = moves[0], moves[-1]
                pace = (last - first) / (stand.days * (done - begun))
            elif took is not None and track.stood < 1:
                pace = took / (stand.days * (1 - track.stood))
            else:
                continue
            found[stand.kind] = max(found.get(stand.kind, Fraction(0)), pace)
        return found
