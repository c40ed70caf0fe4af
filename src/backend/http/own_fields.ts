/** Fields of a response that are not a handler's to say, and how they are spelt. */

/** How the content is framed. */
export const FRAMING = 1;
/** When the response was made: said here if the handler does not. */
export const DATE = 2;
/** An offer of another protocol, which has to be named as one to the next hop (RFC 9110, 7.8). */
export const UPGRADE = 3;
/** Whether the connection goes on: the handler may end it. */
export const CONNECTION = 4;

/** By a name's length, then by the name: most names are told apart by their length. */
const KINDS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  4: { date: DATE },
  7: { upgrade: UPGRADE },
  10: { connection: CONNECTION, "keep-alive": FRAMING },
  14: { "content-length": FRAMING },
  17: { "transfer-encoding": FRAMING },
};

/** What a field is; undefined for one that goes out as the handler says it. */
export function kindOf(name: string): number | undefined {
  return KINDS[name.length]?.[name.toLowerCase()];
}

/** Whether the value of a Connection field says that this is the last exchange (RFC 9112, 9.6). */
export function saysClose(value: string): boolean {
  return value.toLowerCase().split(",").some((option) => option.trim() === "close");
}

/** How the fields are spelt that are said here, each up to its value. */
export interface Spelling {
  readonly length: string;
  readonly chunked: string;
  readonly date: string;
  readonly connection: string;
}

/** As most servers write them. */
export const CAPITALS: Spelling = {
  length: "Content-Length: ",
  chunked: "Transfer-Encoding: chunked\r\n",
  date: "Date: ",
  connection: "Connection: ",
};

/** As `Deno.serve` does. */
export const SMALL_LETTERS: Spelling = {
  length: "content-length: ",
  chunked: "transfer-encoding: chunked\r\n",
  date: "date: ",
  connection: "connection: ",
};
