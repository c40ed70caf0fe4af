/**
 * The hand-off protocol, version 1: message types, sizes and field offsets. docs/protocol.md says the same for people.
 * All numbers are unsigned and in network byte order.
 */

/** The first byte of every message. */
export const VERSION = 1;

/** The second byte of every message. */
export const HELLO = 1;
export const HANDOFF = 2;
export const ACK = 3;
export const NACK = 4;
export const RETURN = 5;
export const DRAIN = 6;
export const LOAD = 7;
export const BYE = 8;
export const GENERATION = 9;
export const COUNTERS = 10;

/** Any of the types above. */
export type MessageType = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

const TYPE_NAMES: readonly string[] = [
  "",
  "HELLO",
  "HANDOFF",
  "ACK",
  "NACK",
  "RETURN",
  "DRAIN",
  "LOAD",
  "BYE",
  "GENERATION",
  "COUNTERS",
];

/** The name of a message type, `type 99` for one that has none. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] || `type ${type}`;
}

// Every message: version u8, type u8, then two bytes whose meaning depends on the type (0 where it has none).
export const OFFSET_TYPE = 1;
export const SIZE_HEADER = 4;

// HELLO: magic "fdps", workers u16, window u16, process u32, then fields.
export const HELLO_MAGIC = 4;
export const HELLO_WORKERS = 8;
export const HELLO_WINDOW = 10;
export const HELLO_PROCESS = 12;
export const SIZE_HELLO = 16;
export const MAGIC: readonly number[] = [0x66, 0x64, 0x70, 0x73];

// HANDOFF and RETURN, which carry a descriptor: id u32, two addresses, generation u32, requests u16, detail u8,
// keep-alive u8, fields.
export const TRANSFER_ID = 4;
export const TRANSFER_CLIENT = 8;
export const TRANSFER_LOCAL = 28;
export const TRANSFER_GENERATION = 48;
export const TRANSFER_REQUESTS = 52;
export const TRANSFER_DETAIL = 54;
export const TRANSFER_KEEP_ALIVE = 55;
export const SIZE_TRANSFER = 56;

// An address: family u8 (0 unknown, 4, 6), 0, port u16, 16 bytes of which IPv4 uses the first four.
export const ADDRESS_PORT = 2;
export const ADDRESS_BYTES = 4;
export const SIZE_ADDRESS = 20;

// ACK: count u16 in the header's last two bytes, active u32, then count ids of u32.
export const ACK_COUNT = 2;
export const ACK_ACTIVE = 4;
export const ACK_IDS = 8;

// NACK: reason u16 in the header's last two bytes, id u32, then text.
export const NACK_REASON = 2;
export const NACK_ID = 4;
export const SIZE_NACK = 8;

// LOAD: active u32, then ids of u32.
export const LOAD_ACTIVE = 4;
export const SIZE_LOAD = 8;

// GENERATION: number u32, idle time u32, requests u32.
export const GENERATION_NUMBER = 4;
export const GENERATION_IDLE_TIME = 8;
export const GENERATION_REQUESTS = 12;
export const SIZE_GENERATION = 16;

// BYE: reason u16 in the header's last two bytes, then text.
export const BYE_REASON = 2;

// A field behind the fixed part: type u8, 0, length u16, value.
export const FIELD_LENGTH = 2;
export const SIZE_FIELD = 4;

/** Field types. From 0x80 on, a receiver that does not know a field refuses the message; below, it skips the field. */
export const FIELD_NAME = 1;
export const FIELD_SITE = 2;
export const FIELD_ROUTE = 3;
export const FIELD_PATH = 4;
export const FIELD_EXCEPT = 5;
export const FIELD_MAP = 6;
/** Of HELLO, whose fields are numbered apart from those of transfers. */
export const FIELD_COUNTERS = 2;
export const FIELD_FAMILY = 3;
export const FIELD_INSTANCE = 4;
export const FIELD_ENDS = 5;
export const FIELD_TIMES = 7;
export const FIELD_TLS = 8;
export const FIELD_TARGET = 9;
export const FIELD_REQUEST_FIELDS = 10;
export const FIELD_RESPONSE_FIELDS = 11;
export const FIELD_VARIABLES = 12;
export const FIELD_HANDOFF = 13;
export const FIELD_PEER = 14;
/** Of RETURN. */
export const FIELD_ERROR = 17;
/** Of GENERATION, whose fields are numbered as those of transfers are. */
export const FIELD_TRUSTED = 15;
export const FIELD_REQUEST_RATE = 16;
export const FIELD_RATES = 18;
export const FIELD_PREREAD = 0x81;

// The value of the field `times`, of SIZE_TIMES bytes.
/** u64: microseconds of CLOCK_MONOTONIC at which the front got the connection. */
export const TIMES_ARRIVED = 0;
/** u32: microseconds from there until the request's head was whole. */
export const TIMES_HEAD = 8;
/** u16: hundredths of a second that it waited for a backend; 65,535 stands for more. */
export const TIMES_WAITED = 12;
/** u8: hand-offs of it before that came to nothing; 255 stands for more. */
export const TIMES_ATTEMPTS = 14;
/** u8: which of the front's Workers, counted from 1; 0 for a front that does not say. */
export const TIMES_WORKER = 15;
export const SIZE_TIMES = 16;

// The value of the field `peer`: address of 20 bytes, list u16, flags u8, 0.
export const PEER_ADDRESS = 0;
export const PEER_LIST = 20;
export const PEER_FLAGS = 22;
export const SIZE_PEER = 24;

/** Bits of the flags of `peer`. */
export const PEER_TRUSTED = 1;
export const PEER_HTTPS = 2;
export const PEER_SAID_HTTPS = 4;

// The value of the field `tls`: way u8, flags u8, version u16, cipher u16, 0, policy u32, proof of 16 bytes, items, which are
// laid out as fields are.
export const TLS_WAY = 0;
export const TLS_FLAGS = 1;
export const TLS_VERSION = 2;
export const TLS_CIPHER = 4;
export const TLS_POLICY = 8;
export const TLS_PROOF = 12;
export const TLS_ITEMS = 28;

/** Who does TLS on a connection: the kernel, the process at the other end of a Unix socket, or nobody yet. */
export const WAY_KERNEL = 1;
export const WAY_PAIR = 2;
export const WAY_UNTOUCHED = 3;

/** Bits of the flags of `tls`. */
export const FLAG_RESUMED = 1;
export const FLAG_VERIFIED = 2;

/** Items of `tls`. */
export const ITEM_SERVER_NAME = 1;
export const ITEM_CIPHER_NAME = 2;
export const ITEM_SUBJECT = 3;
export const ITEM_ISSUER = 4;
export const ITEM_SERIAL = 5;
export const ITEM_FINGERPRINT = 6;

/** The most that travels with a connection: bytes already read from it. The u16 of a field's length allows no more. */
export const MAX_PREREAD = 65_535;
/** The longest site name, route prefix and backend name, in bytes. */
export const MAX_NAME = 1_024;
/** The bytes of an instance. */
export const SIZE_INSTANCE = 16;
/** The longest mapped path, in bytes: as long as the longest request line. */
export const MAX_PATH = 65_535;
/**
 * The longest list of prefixes that a scope leaves out, in bytes. A `map` and the head of its field count as well, so that
 * the longest message stays as long as it is.
 */
export const MAX_EXCEPT = 8_192;
/** The longest field `tls`, in bytes. */
export const MAX_TLS = 4_096;
/** The longest field `error`, in bytes. */
export const MAX_ERROR = 4_096;
/** The longest fields `target`, `request fields`, `response fields` and `variables`, their heads included, together. */
export const MAX_RULES = 32_768;
/** The longest message: the fixed part and each field at its longest. Longer ones end the channel. */
export const MAX_MESSAGE: number = SIZE_TRANSFER + SIZE_FIELD + SIZE_TIMES + SIZE_FIELD + SIZE_PEER +
  2 * (SIZE_FIELD + MAX_NAME) +
  SIZE_FIELD + MAX_PATH +
  SIZE_FIELD + MAX_EXCEPT + SIZE_FIELD + MAX_TLS + MAX_RULES + SIZE_FIELD + MAX_PREREAD;
/** The longest field `trusted` of a GENERATION, in bytes: what the length of a field can say. */
export const MAX_TRUSTED = 65_535;
/** Ids that one ACK can carry. */
export const MAX_ACKS = 1_024;

/** What a backend may go on serving on a connection without asking again, as HANDOFF says it. */
export const SCOPE_REQUEST = 0;
export const SCOPE_HOST = 1;
export const SCOPE_CONNECTION = 2;
export const SCOPE_EXCEPT = 3;
export const SCOPE_MAPPED = 4;
export const SCOPE_RAW = 5;

/** What becomes of a connection after an answer, as HANDOFF says it. */
export const KEEP_ALIVE_HOLD = 0;
export const KEEP_ALIVE_RETURN = 1;
export const KEEP_ALIVE_CLOSE = 2;

/** Why a backend gives a connection back, as RETURN says it. */
export const RETURN_OUT_OF_SCOPE = 0;
export const RETURN_IDLE = 1;
export const RETURN_TLS = 2;

/** Reasons in NACK. */
export const NACK_FULL = 1;
export const NACK_DRAINING = 2;
export const NACK_DESCRIPTOR = 3;
export const NACK_UNSUPPORTED = 4;
export const NACK_REFUSED = 5;

/** Reasons in BYE. */
export const BYE_VERSION = 1;
export const BYE_MALFORMED = 2;
export const BYE_UNKNOWN_TYPE = 3;
export const BYE_DESCRIPTORS = 4;
export const BYE_UNKNOWN_ID = 5;
export const BYE_NOT_ALLOWED = 6;
export const BYE_TIMEOUT = 7;
export const BYE_WINDOW = 8;
export const BYE_STOPPING = 9;
export const BYE_SUCCEEDED = 10;
