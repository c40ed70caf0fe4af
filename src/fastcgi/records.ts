/** Records of FastCGI, as a web server writes and reads them for one request on a connection (FastCGI 1.0, 3). */

const VERSION = 1;
/** The one request that is on a connection at a time (3.3); 0 is for records about the connection itself. */
const REQUEST = 1;

const BEGIN_REQUEST = 1;
const END_REQUEST = 3;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;
const STDERR = 7;
const GET_VALUES_RESULT = 10;
const UNKNOWN_TYPE = 11;

/** Bytes of a record's header, and of the body of the records that begin and end a request. */
export const HEADER = 8;
/** Bytes of content that a record can have. */
export const MAX_CONTENT = 65_535;
const RESPONDER = 1;
const KEEP_CONN = 1;

/** How a request ended, by the application's own account (5.5). */
export const REQUEST_COMPLETE = 0;
export const CANT_MPX_CONN = 1;
export const OVERLOADED = 2;
export const UNKNOWN_ROLE = 3;

/** The header of a record that ends a stream, or begins a piece of one. @param length bytes of content that follow */
function header(type: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(VERSION, type, 0, REQUEST, length >> 8, length & 0xff, 0, 0);
}

/**
 * Writes the header of a record of a request's content in front of that.
 *
 * @param at where, in `bytes`: {@linkcode HEADER} bytes before the content
 * @param length bytes of content: not none, which would end it, and {@linkcode MAX_CONTENT} at most
 */
export function putContentHeader(bytes: Uint8Array, at: number, length: number): void {
  bytes.set(header(STDIN, length), at);
}

/** The end of a request's content. */
export const NO_MORE_CONTENT: Uint8Array<ArrayBuffer> = header(STDIN, 0);

/**
 * What begins a request: its variables, but not its content (5.1, 5.2).
 *
 * @param variables `NAME=value` texts whose characters are bytes
 * @param keep whether the application is to leave the connection open for another request
 */
export function encodeRequest(variables: readonly string[], keep: boolean): Uint8Array<ArrayBuffer> {
  const pairs = variables.map((variable) => {
    const equals = variable.indexOf("=");
    return [variable.slice(0, equals), variable.slice(equals + 1)] as const;
  });
  const length = pairs.reduce(
    (sum, [name, value]) =>
      sum + lengthSize(name.length) + lengthSize(value.length) + name.length + value.length,
    0,
  );
  const params = new Uint8Array(length);
  let at = 0;
  const put = (text: string) => {
    for (let index = 0; index < text.length; index++) params[at++] = text.charCodeAt(index);
  };
  for (const [name, value] of pairs) {
    at = putLength(params, at, name.length);
    at = putLength(params, at, value.length);
    put(name);
    put(value);
  }
  return joined([
    header(BEGIN_REQUEST, HEADER),
    Uint8Array.of(0, RESPONDER, keep ? KEEP_CONN : 0, 0, 0, 0, 0, 0),
    ...recordsOf(params),
    header(PARAMS, 0),
  ]);
}

function recordsOf(params: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < params.length; at += MAX_CONTENT) {
    const piece = params.subarray(at, at + MAX_CONTENT);
    pieces.push(header(PARAMS, piece.length), piece);
  }
  return pieces;
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Bytes that a length takes: one, or four whose first bit says so (3.4). */
function lengthSize(length: number): 1 | 4 {
  return length < 128 ? 1 : 4;
}

function putLength(bytes: Uint8Array, at: number, length: number): number {
  if (length < 128) {
    bytes[at] = length;
    return at + 1;
  }
  bytes[at] = 0x80 | length >>> 24;
  bytes[at + 1] = length >>> 16 & 0xff;
  bytes[at + 2] = length >>> 8 & 0xff;
  bytes[at + 3] = length & 0xff;
  return at + 4;
}

/** Who is told what records contain. Pieces are views of the bytes that were read. */
export interface RecordHearer {
  stdout(piece: Uint8Array<ArrayBuffer>): void;
  stderr(piece: Uint8Array<ArrayBuffer>): void;
  /** @param status {@linkcode REQUEST_COMPLETE}, or why there is no response */
  requestEnded(status: number): void;
}

/** Reads what an application sends for one request, however its bytes come; each is looked at once. */
export class RecordReader {
  /** The header, or the body of the record that ends the request, as far as it has come. */
  readonly #gathered = new Uint8Array(HEADER);
  #length = 0;
  #type = 0;
  /** Bytes to come of the record's content, and of what fills it up. */
  #content = 0;
  #padding = 0;
  #ended = false;

  /** The request has ended, and so has the record that said so. What comes now answers nothing. */
  get ended(): boolean {
    return this.#ended && this.#content === 0 && this.#padding === 0;
  }

  /**
   * Reads bytes up to the end of the request.
   *
   * @returns how many were read; or what is wrong, in plain words
   */
  read(bytes: Uint8Array<ArrayBuffer>, hearer: RecordHearer): number | string {
    let at = 0;
    while (at < bytes.length && !this.ended) {
      if (this.#content > 0) {
        const piece = bytes.subarray(at, at + this.#content);
        this.#content -= piece.length;
        at += piece.length;
        this.#take(piece, hearer);
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, bytes.length - at);
        this.#padding -= skipped;
        at += skipped;
      } else {
        this.#gathered[this.#length++] = bytes[at++]!;
        if (this.#length < HEADER) continue;
        this.#length = 0;
        const fault = this.#begin();
        if (fault !== undefined) return fault;
      }
    }
    return at;
  }

  /** A header is there. */
  #begin(): string | undefined {
    const [version, type, high, low, long, short, padding] = this.#gathered as unknown as number[];
    if (version !== VERSION) return "it does not speak FastCGI";
    const request = high! << 8 | low!;
    this.#type = type!;
    this.#content = long! << 8 | short!;
    this.#padding = padding!;
    switch (type) {
      case STDOUT:
      case STDERR:
        return request === REQUEST ? undefined : `it answers request ${request}, which nobody made`;
      case END_REQUEST:
        if (request !== REQUEST) return `it ends request ${request}, which nobody made`;
        return this.#content === HEADER ? undefined : "its record that ends the request is of another length";
      case GET_VALUES_RESULT:
      case UNKNOWN_TYPE:
        // About the connection; nothing of that was asked.
        return request === 0 ? undefined : `it sends a record of type ${type} for a request`;
      default:
        return `it sends a record of type ${type}`;
    }
  }

  #take(piece: Uint8Array<ArrayBuffer>, hearer: RecordHearer): void {
    if (this.#type === STDOUT) hearer.stdout(piece);
    else if (this.#type === STDERR) hearer.stderr(piece);
    else if (this.#type === END_REQUEST) {
      this.#gathered.set(piece, this.#length);
      this.#length += piece.length;
      if (this.#content > 0) return;
      this.#length = 0;
      this.#ended = true;
      // Behind the application's own exit status, which is nobody's business here.
      hearer.requestEnded(this.#gathered[4]!);
    }
  }
}
