/** What is compared with `Deno.serve`: a request, a handler, and what a client does besides. */

/** What a handler is told in both. */
export type CommonInfo = Deno.ServeHandlerInfo<Deno.NetAddr>;

/** Notes what a handler has seen. */
export type See = (what: string, value: unknown) => void;

/** One exchange. */
export interface Case {
  /** Different for each case; without spaces at its ends, in ASCII. */
  readonly name: string;
  /** As it is sent, but for a field that tells the server which case it is. */
  readonly request: string;
  readonly handler: (request: Request, info: CommonInfo, see: See) => Response | Promise<Response>;
  /** What the client does when it has the head of the response: reads the rest (which it does unless given), or leaves. */
  readonly then?: "leave";
  /** What the client does when the handler has noted the first thing: ends its side, or closes the connection. */
  readonly meanwhile?: "end" | "close";
  /** What the handler notes after a while; it is waited for. */
  readonly awaits?: readonly string[];
}

/** The field that names the case. */
export const FIELD = "Case";
/** The case that answers at once, and tells whether a connection goes on. */
export const NEXT = "~next";
/** The case that gives what the handler of the case in its query has noted. */
export const SEEN = "~seen";
