/**
 * What a supervisor tells the processes that do handshakes, a line at a time on their standard input: a pipe, for the keys
 * of tickets belong neither on a command line, nor into the environment, nor on a disk. The first line is what a process
 * starts with; a later one is a new configuration, the same files read again, or other keys.
 */

import type { Tls } from "../../config/tls.ts";

/** Bytes that encrypt the tickets of sessions. */
const TICKET_KEYS = 80;

/** What handshakes go by. */
export interface TlsInstructions {
  readonly settings: Tls;
  readonly ticketKeys: Uint8Array<ArrayBuffer>;
}

/** New keys of tickets. */
export function makeTicketKeys(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(TICKET_KEYS));
}

/** Writes instructions as one line, without its end. */
export function encodeInstructions({ settings, ticketKeys }: TlsInstructions): string {
  return JSON.stringify({ settings, ticketKeys: ticketKeys.toBase64() });
}

/** Reads such a line. It comes from a process of ours. */
export function decodeInstructions(line: string): TlsInstructions {
  const { settings, ticketKeys } = JSON.parse(line);
  return { settings, ticketKeys: Uint8Array.fromBase64(ticketKeys) };
}

/** What a process says on its standard output when it goes by new instructions, or why it does not. */
export function answerToInstructions(name: string, refusal?: string): string {
  const answer = refusal === undefined ? "follows" : `refuses: ${refusal.replaceAll("\n", " ")}`;
  return `fdpass backend ${name} ${answer}`;
}

/** The answer in a line; undefined for any other line. */
export function readAnswer(line: string): { readonly refusal: string | undefined } | undefined {
  const match = /^fdpass backend \S+ (?:follows|refuses: (.*))$/.exec(line);
  return match === null ? undefined : { refusal: match[1] };
}
