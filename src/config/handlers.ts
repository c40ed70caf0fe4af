/**
 * Which files httpd would not send, but hand to a program or a module. Nothing here does what those do, and what was
 * written for them, sources with passwords in them, must not be sent in its place.
 */

/** Who takes a file: somebody else than whoever sends it; that one (`default-handler`); or whom its name says. */
export type Handler = "other" | "file" | "name";

/** What is said of handlers; what is missing is left to the sections before. */
export interface HandlerSettings {
  /** SetHandler. */
  readonly handler?: Handler;
  /** AddHandler and RemoveHandler, by the end of a name in lower case, without the dot. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** Types, in lower case, that Action hands to a program. */
  readonly handledTypes?: readonly string[];
  /** Whether a filter makes something else of all files: SetOutputFilter. */
  readonly filter?: boolean;
  /** The same by the end of a name: AddOutputFilter. */
  readonly filters?: Readonly<Record<string, true>>;
}

/** As httpd has it where nothing is said. */
export const HANDLER_DEFAULTS = {
  handlers: {},
  handledTypes: [],
  filter: false,
  filters: {},
} as const satisfies HandlerSettings;

/** What is said of types. */
interface TypeSettings {
  readonly types?: Readonly<Record<string, string>>;
  readonly forceType?: string | false;
}

/** Names of PHP's files, whatever a configuration says: where it says nothing, it was to be said elsewhere. */
const PHP = /\.(?:php\d?|phtml?|phar|pht)$/i;

/** Whether a type, as AddType has it, is the name of a handler: httpd takes a type for one where there is none. */
export function isHandlerType(type: string): boolean {
  const name = plain(type);
  return !name.includes("/") || /^(?:httpd\/|application\/x-(?:httpd-|type-map|[^/]*php))/.test(name) ||
    name.startsWith("text/x-server-parsed-html");
}

/** All endings of a name, in lower case: what stands before the first dot is none, nor are dots in front of it. */
export function endingsOf(name: string): string[] {
  return name.replace(/^\.+/, "").split(".").slice(1).map((ending) => ending.toLowerCase());
}

/**
 * Whether a file is for somebody else than whoever sends files.
 *
 * @param name the last part of its name
 * @param type the type that it would be sent with; undefined where none is known
 * @param settings what holds for it
 */
export function isHandedOn(
  name: string,
  type: string | undefined,
  settings: HandlerSettings & TypeSettings,
): boolean {
  const { handler, handlers = {}, handledTypes = [], filter = false, filters = {}, types = {} } = settings;
  const endings = endingsOf(name);
  if (filter || endings.some((ending) => Object.hasOwn(filters, ending))) return true;
  // Of several endings the last one that says anything has it.
  const said = endings.flatMap((ending) => Object.hasOwn(handlers, ending) ? [handlers[ending]!] : []);
  const byName = said.findLast((one) => one !== "name");
  const taken = handler === undefined || handler === "name" ? byName : handler;
  if (taken !== undefined) return taken === "other";
  if (type !== undefined && (isHandlerType(type) || handledTypes.includes(plain(type)))) return true;
  const isSaid = handler === "name" || typeof settings.forceType === "string" ||
    Object.hasOwn(types, endings.at(-1) ?? "");
  return PHP.test(name) && !isSaid;
}

/** Without parameters. */
function plain(type: string): string {
  return type.replace(/;.*$/s, "").trim().toLowerCase();
}
