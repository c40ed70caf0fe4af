/** What a line of an access log is made of. */

/** The connection when the response is finished: broken off before that, goes on, or is closed: `%X` of httpd. */
export type ConnectionFate = "X" | "+" | "-";

/** What is known of the party that writes lines, once. */
export interface Writer {
  /** Name of the backend; `front` for what the front answers itself. */
  readonly name: string;
  /** Process number. */
  readonly process: number;
  /** What it does with requests: `fetch`, `static`, `relay`, `cgi`, `exec`, `front`. */
  readonly kind: string;
}

/** What a request is called everywhere; worked out when it is asked for. */
export interface Identity {
  /** Empty where it has none. */
  readonly requestId: string;
  /** The trace that it belongs to: the second part of `traceparent`; empty for none. */
  readonly traceId: string;
  /** What its connection is called. */
  readonly connection: { readonly name: string };
}

const NO_VARIABLES: Readonly<Record<string, string>> = {};
/** Of what has no name. */
export const NOBODY: Identity = { requestId: "", traceId: "", connection: { name: "" } };

/**
 * One request, or one connection whose requests nobody here looks at. Filled in, written and used again. Text of a client
 * has a character per byte, and is escaped when it is written.
 */
export class LogRecord {
  client = "";
  clientPort = 0;
  /** Who has connected, where somebody in front says who the client is; empty elsewhere. */
  peer = "";
  local = "";
  localPort = 0;
  /** First name of the site; empty for one without names, or none. */
  site = "";
  route = "";
  /** Variables that rules have set for the request. */
  variables: Readonly<Record<string, string>> = NO_VARIABLES;
  /** What is known of TLS, by the names of mod_ssl; worked out when it is asked for. */
  tls: () => Readonly<Record<string, string>> = () => NO_VARIABLES;
  /** Whom basic authentication has let in; empty for nobody. */
  user = "";
  identity: Identity = NOBODY;
  /** Requests on the connection so far, this one included; 0 for a connection's line. */
  number = 0;
  /** Milliseconds since 1970 at which the request's head was whole. */
  begun = 0;
  /** Microseconds from there to the end of the response. */
  duration = 0;
  /** Microseconds that the connection waited in a line of the front before it was handed over. */
  waited = 0;
  /** Microseconds from a whole head to a backend that has it, waiting included. */
  handover = 0;

  /** Empty where there was no request that could be read. */
  method = "";
  target = "";
  path = "";
  /** Without its question mark. */
  query = "";
  /** Host and port as the client asked for them. */
  authority = "";
  /** Of HTTP/1. */
  minor = 1;
  /** What the first line says that it speaks, where that could not be read as a request; empty elsewhere. */
  protocol = "";
  /** The request's head as it came, empty for none. What is above, from the method on, follows from it. */
  head = "";
  /** The first line of what came, where that could not be read as a request. */
  line = "";
  /** Bytes that came: the head and the content as it was sent. */
  received = 0;

  /** 0 where no response was sent. */
  status = 0;
  /** The response's head as it was sent. */
  responseHead = "";
  /** Bytes of content, without what frames it. */
  content = 0;
  /** Bytes that left, the head and the framing included. */
  sent = 0;
  fate: ConnectionFate = "-";
  /** What went otherwise than it should, in words with a comma between two; empty mostly. */
  flags = "";
  /** Why the request was refused, for people; empty where it was not. */
  why = "";

  constructor(public writer: Writer) {}

  /**
   * Takes what came in the place of a request that can be read. As with httpd, what its first line says is known all the
   * same, as far as its end has come.
   *
   * @param line what has come of it
   */
  takeUnreadable(line: string, isWhole: boolean): void {
    const [method = "", target = "", protocol = ""] = isWhole ? line.split(/[ \t]+/, 3) : [];
    this.line = line;
    this.method = method;
    this.target = method === "" ? "" : target || "/";
    const [, path = "", query = ""] = /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*)?([^?]*)\??([^]*)$/.exec(
      this.target,
    )!;
    this.path = path;
    this.query = query;
    this.authority = this.head = "";
    this.protocol = /^HTTP\/\d\.\d$/.test(protocol) ? protocol : target === "" ? "HTTP/1.0" : "HTTP/0.9";
  }
}
