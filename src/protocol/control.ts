/** What is said at the control socket of a front or of `fdpass up`: docs/control.md in code. */

/** The version of these messages. */
export const CONTROL_VERSION = 1;

/** The longest request, in bytes. */
export const MAX_REQUEST = 4_096;
/** The longest piece of an answer, in bytes, its first byte included. */
export const MAX_PIECE = 32_768;
/** The longest answer, in bytes: whoever reads one gives up beyond that. */
export const MAX_ANSWER = 64 << 20;

/** What can be asked for. */
export const CONTROL_COMMANDS = [
  "reload",
  "reopen",
  "status",
  "drain",
  "undrain",
  "upgrade",
  "take-over",
] as const;

export type ControlCommand = typeof CONTROL_COMMANDS[number];

/** A request. */
export interface ControlRequest {
  readonly command: ControlCommand;
  /** Of `drain` and `undrain`: the name of a backend. */
  readonly backend?: string;
  /** Of `drain`: even where nobody else serves a route of it. */
  readonly force?: boolean;
  /** Of `upgrade`: milliseconds that the new front has until it has taken over. */
  readonly timeout?: number;
}

/** The most that may be said for it. */
const MOST_TIMEOUT = 3_600_000;

/** What became of it, by the exit codes of commands. */
export const DONE = 0;
export const FAILED = 1;
export const REFUSED = 2;

export type ControlCode = typeof DONE | typeof FAILED | typeof REFUSED;

/** An answer. */
export interface ControlAnswer {
  readonly code: ControlCode;
  /** For people: lines without the end of the last one; empty where there is nothing to say. */
  readonly text: string;
  /** Of `status`: see docs/control.md. */
  readonly status?: unknown;
}

const encoder = new TextEncoder();

/** Encodes a request: one message. */
export function encodeControlRequest(request: ControlRequest): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify({ version: CONTROL_VERSION, ...request }));
}

/**
 * Decodes a request.
 *
 * @param bytes one message, whole
 * @returns the request, or what is wrong with it, as a sentence
 */
export function decodeControlRequest(bytes: Uint8Array): ControlRequest | string {
  if (bytes.length > MAX_REQUEST) return `Cannot read a request of more than ${MAX_REQUEST} bytes`;
  const value = parse(bytes);
  if (value === undefined) return "Cannot read the request: it is no JSON object in UTF-8";
  const { version, command, backend, force, timeout } = value;
  if (version !== CONTROL_VERSION) {
    return `Cannot speak version ${short(version)} here; this is version ${CONTROL_VERSION}`;
  }
  const known = CONTROL_COMMANDS.find((name) => name === command);
  if (known === undefined) {
    return `Cannot do ${short(command)}; what can be done is ${CONTROL_COMMANDS.join(", ")}`;
  }
  if (known === "upgrade" && timeout !== undefined) {
    if (typeof timeout === "number" && timeout > 0 && timeout <= MOST_TIMEOUT) {
      return { command: known, timeout };
    }
    return `Cannot upgrade within ${short(timeout)}; it takes milliseconds up to ${MOST_TIMEOUT}`;
  }
  const needsBackend = known === "drain" || known === "undrain";
  if (!needsBackend) return { command: known };
  if (typeof backend !== "string") return `Cannot tell which backend to ${known}: its name is missing`;
  return { command: known, backend, ...known === "drain" && force === true ? { force } : {} };
}

/** What stands first in a piece of an answer: whether it is the last. */
const MORE = 0x2b; // "+"
const LAST = 0x2e; // "."

/** Encodes an answer: messages that are sent one behind the other. */
export function encodeControlAnswer(answer: ControlAnswer): Uint8Array<ArrayBuffer>[] {
  const bytes = encoder.encode(JSON.stringify({ version: CONTROL_VERSION, ...answer }));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += MAX_PIECE - 1) {
    const content = bytes.subarray(at, at + MAX_PIECE - 1);
    const piece = new Uint8Array(1 + content.length);
    piece[0] = at + content.length < bytes.length ? MORE : LAST;
    piece.set(content, 1);
    pieces.push(piece);
  }
  return pieces;
}

/** Puts the pieces of one answer together. */
export class AnswerReader {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /**
   * Takes the next message.
   *
   * @param bytes it is kept
   * @returns the answer when this was its last piece, undefined before that, or what is wrong, as a sentence
   */
  take(bytes: Uint8Array): ControlAnswer | string | undefined {
    const content = bytes.subarray(1);
    if (bytes.length > MAX_PIECE || bytes[0] !== MORE && bytes[0] !== LAST) return NOT_OURS;
    this.#length += content.length;
    if (this.#length > MAX_ANSWER) return `Cannot read an answer of more than ${MAX_ANSWER} bytes`;
    this.#pieces.push(content);
    return bytes[0] === MORE ? undefined : decodeAnswer(joined(this.#pieces, this.#length));
  }
}

const NOT_OURS = "Cannot read the answer: what listens there does not speak as fdpass does";

function decodeAnswer(bytes: Uint8Array): ControlAnswer | string {
  const value = parse(bytes);
  if (value === undefined || typeof value.text !== "string") return NOT_OURS;
  const code = [DONE, FAILED, REFUSED].find((known) => known === value.code);
  if (code === undefined) return NOT_OURS;
  return {
    code: code as ControlCode,
    text: value.text,
    ...value.status === undefined ? {} : { status: value.status },
  };
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** An object of JSON; undefined for anything else. */
function parse(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
