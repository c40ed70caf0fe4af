/** Texts as rules see them: each character is a byte, as httpd has it. */

const HEX = "0123456789abcdef";
const encoder = new TextEncoder();

/** A text of the configuration as bytes of UTF-8. */
export function bytesOf(text: string): string {
  // deno-lint-ignore no-control-regex -- ASCII is the same
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return String.fromCharCode(...encoder.encode(text));
}

/** Decodes a path: every triple is a byte. A percent sign that begins none stays. */
export function decoded(path: string): string {
  return path.includes("%")
    ? path.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
    : path;
}

/**
 * Decodes the path of a client but for `%2F`, which separates nothing, and `%252F` and its like, which would read as that:
 * what is encoded again is what the client has sent.
 */
export function decodedPath(path: string): string {
  return path.includes("%")
    ? path.replace(
      /(%(?:25)*2f)|%([0-9a-f]{2})/gi,
      (_, slash, digits) => slash ?? String.fromCharCode(Number.parseInt(digits, 16)),
    )
    : path;
}

/** A slash that is encoded, and stays so. */
const ENCODED_SLASH = /%(?:25)*2f/iy;

function encodeAll(text: string, outside: RegExp): string {
  return text.replace(outside, encoded);
}

function encoded(character: string): string {
  const byte = character.charCodeAt(0) & 0xff;
  return `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
}

/** The same for a path, in which slashes may be encoded already. */
function encodePath(text: string, outside: RegExp): string {
  return text.replace(outside, (character, at: number) => {
    ENCODED_SLASH.lastIndex = at;
    return character === "%" && ENCODED_SLASH.test(text) ? character : encoded(character);
  });
}

/** Encodes what cannot stand in the path of a URL, as httpd does in Location. */
export function escapeUri(text: string): string {
  return encodePath(text, /[^A-Za-z0-9$\-_.+!*'(),:;@&=/~]/g);
}

/** Encodes a path on the way to a server, as httpd's proxy does. */
export function escapeProxied(text: string): string {
  return encodePath(text, /[^A-Za-z0-9~$\-_.+!*'(),;:@&=/]/g).replace(
    /%[0-9a-f]{2}/g,
    (triple) => triple.toUpperCase(),
  );
}

/** Encodes what is put into a URL as one word (the flag B). */
export function escapeWord(text: string): string {
  return encodeAll(text, /[^A-Za-z0-9_]/g);
}

/** Encodes only what would break a request line or a field: an encoding that is there stays. */
export function escapeControls(text: string): string {
  return encodeAll(text, /[^!-~]/g);
}

/** What stands in a field on one line: no control character, whatever it was made of. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what is looked for
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, " ");
}
