"""Messages to bytes and back, through the strict gate. One table says how each is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from storage.blocks.store import MAX_BLOCK, Kind
from storage.codec.dagcbor import decode as decode_cbor
from storage.codec.dagcbor import encode as encode_cbor
from storage.errors import DecodeError
from sync.errors import RemoteProtocolError
from sync.protocol import bounds, fields
from sync.protocol import messages as say
from sync.protocol.fields import Field
from sync.protocol.messages import Channel, Message, Type

NONCE_SIZE: Final = 32
PROOF_SIZE: Final = 32
HINT_SIZE: Final = 8
TAG_SIZE: Final = 16
DIGEST_SIZE: Final = 32
ENTRY_SIZE: Final = 16
INVITE_SIZE: Final = 16
SIGNATURE_SIZE: Final = 64
KEY_SIZE: Final = 32
MAX_REF: Final = 2**32 - 1

_HEAD = 3
_CONTROL = (Channel.CONTROL,)
_RECORDS = (Channel.RECORDS,)
_DATA = (Channel.OPENED, Channel.BULK)
_VERSION = fields.number("version", 1, 1000)
_DIGESTS = fields.many_of("digests", DIGEST_SIZE, bounds.MAX_WANTS_A_MESSAGE)


class _Shape(NamedTuple):
    """How one message is written: its number, where it may travel, what `ref` is, its fields."""

    type: Type
    make: Callable[..., Message]
    channels: tuple[Channel, ...]
    ref: str | None
    fields: tuple[Field, ...]


_SHAPES = (
    _Shape(
        Type.HELLO,
        say.Hello,
        _CONTROL,
        None,
        (
            _VERSION,
            fields.limits("limits"),
            fields.exactly("nonce", NONCE_SIZE),
            fields.one_of("mode", say.Mode),
            fields.many_of("hints", HINT_SIZE, bounds.MAX_HINTS),
        ),
    ),
    _Shape(
        Type.HELLO_OK,
        say.HelloOk,
        _CONTROL,
        None,
        (
            _VERSION,
            fields.limits("limits"),
            fields.exactly("nonce", NONCE_SIZE),
            fields.number("hint", 0, bounds.MAX_HINTS - 1),
            fields.exactly("proof", PROOF_SIZE),
        ),
    ),
    _Shape(Type.PROOF, say.Proof, _CONTROL, None, (fields.exactly("proof", PROOF_SIZE),)),
    _Shape(
        Type.CARD,
        say.Card,
        _CONTROL,
        None,
        (
            fields.text("did", bounds.MAX_WORD),
            fields.exactly("agreement", KEY_SIZE),
            fields.text("name", bounds.MAX_NAME),
            fields.exactly("signature", SIGNATURE_SIZE),
        ),
    ),
    _Shape(
        Type.SPACES,
        say.Spaces,
        _CONTROL,
        None,
        (fields.many_of("tags", TAG_SIZE, bounds.MAX_TAGS, least=0),),
    ),
    _Shape(
        Type.HEADS,
        say.Heads,
        _CONTROL,
        "line",
        (
            fields.seen("seen"),
            fields.exactly("root", DIGEST_SIZE),
            fields.exactly("auth", DIGEST_SIZE),
            fields.truth("complete"),
            fields.truth("subscribe"),
            fields.number("files", 0, bounds.MAX_COUNT),
            fields.number("size", 0, bounds.MAX_COUNT),
        ),
    ),
    _Shape(
        Type.RECORDS,
        say.Records,
        _RECORDS,
        "line",
        (fields.seen("advance"), fields.things("things"), fields.truth("whole")),
    ),
    _Shape(
        Type.LIVE,
        say.Live,
        _RECORDS,
        "line",
        (
            fields.exactly("entry", ENTRY_SIZE),
            fields.one_of("what", say.Note),
            fields.at_most("update", bounds.MAX_UPDATE),
        ),
    ),
    _Shape(Type.WANT, say.Want, _DATA, "rid", (fields.number("line", 0, MAX_REF), _DIGESTS)),
    _Shape(
        Type.BLOCKS,
        say.Blocks,
        _DATA,
        "rid",
        (fields.many("blocks", MAX_BLOCK, bounds.MAX_BLOCKS_A_MESSAGE),),
    ),
    _Shape(
        Type.PIECE,
        say.Piece,
        (*_RECORDS, *_DATA),
        "ref",
        (
            fields.one_of("kind", Kind),
            fields.number("total", 1, MAX_BLOCK),
            fields.number("offset", 0, MAX_BLOCK),
            fields.at_most("data", MAX_BLOCK),
        ),
    ),
    _Shape(Type.NOTHAVE, say.NotHave, _DATA, "rid", (_DIGESTS,)),
    _Shape(
        Type.HAVE,
        say.Have,
        _CONTROL,
        "line",
        (fields.many("receipts", bounds.MAX_RECEIPT, bounds.MAX_RECEIPTS_A_MESSAGE),),
    ),
    _Shape(
        Type.CREDIT,
        say.Credit,
        _CONTROL,
        None,
        (
            fields.one_of("target", Channel, Channel.CONTROL),
            fields.number("size", 1, bounds.MAX_CREDIT),
        ),
    ),
    _Shape(Type.CANCEL, say.Cancel, _CONTROL, "rid", ()),
    _Shape(Type.REDEEM, say.Redeem, _CONTROL, "rid", (fields.exactly("invite", INVITE_SIZE),)),
    _Shape(
        Type.REDEEMED,
        say.Redeemed,
        _RECORDS,
        "rid",
        (fields.things("things"), fields.truth("more")),
    ),
    _Shape(Type.PING, say.Ping, _CONTROL, "rid", (fields.truth("answer"),)),
    _Shape(Type.ERROR, say.Error, _CONTROL, "rid", (fields.text("code", bounds.MAX_WORD),)),
    _Shape(Type.BYE, say.Bye, _CONTROL, None, (fields.text("reason", bounds.MAX_WORD),)),
)
_BY_TYPE = {int(shape.type): shape for shape in _SHAPES}
_BY_CLASS = {shape.make: shape for shape in _SHAPES}


def encode(message: Message) -> bytes:
    """Return the body of a frame."""
    shape = _BY_CLASS[type(message)]
    channel = shape.channels[0] if len(shape.channels) == 1 else getattr(message, "channel")  # noqa: B009
    ref = 0 if shape.ref is None else getattr(message, shape.ref)
    rest = [field.write(getattr(message, field.name)) for field in shape.fields]
    return encode_cbor([int(shape.type), int(channel), ref, *rest])


def decode(body: bytes) -> Message:
    """Return the message that a peer sent.

    Raises:
        RemoteProtocolError: it is none, or breaks a bound.
    """
    try:
        return _message(decode_cbor(body, limit=bounds.MAX_FRAME))
    except DecodeError as error:
        raise RemoteProtocolError(str(error)) from error


def _message(value: object) -> Message:
    items = fields.listed(value)
    if len(items) < _HEAD:
        raise DecodeError("not a message")
    kind, channel, ref = (fields.whole(item, MAX_REF) for item in items[:_HEAD])
    rest = items[_HEAD:]
    shape = _BY_TYPE.get(kind)
    if shape is None or len(rest) != len(shape.fields):
        raise DecodeError("not a message that is known")
    if channel not in shape.channels or (ref and shape.ref is None):
        raise DecodeError("a message on another channel than its own")
    made = {field.name: field.read(item) for field, item in zip(shape.fields, rest, strict=True)}
    if shape.ref:
        made[shape.ref] = ref
    if len(shape.channels) > 1:
        made["channel"] = Channel(channel)
    message = shape.make(**made)
    _check_whole(message)
    return message


def _check_whole(message: Message) -> None:
    """Check what no field can tell alone."""
    match message:
        case say.Piece(_, _, _, total, offset, data) if not 0 < len(data) <= total - offset:
            raise DecodeError("a piece that does not lie in its whole")
        case say.Live(_, _, what, update) if update and what is not say.Note.UPDATE:
            raise DecodeError("an update where none belongs")
        case _:
            pass
