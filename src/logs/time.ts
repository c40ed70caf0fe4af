/** Times as lines have them: strftime(3), in the time zone of the process. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const LONG_MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

function two(number: number, pad = "0"): string {
  return String(number).padStart(2, pad);
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function dayOfYear(date: Date): number {
  const start = new Date(date.getFullYear(), 0, 1);
  const midnight = new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight.getTime() - start.getTime()) / 86_400_000) + 1;
}

/** The week of the year whose first one begins with the year's first day of that kind; 0 before it. @param first 0: Sunday */
function weekFrom(first: number, date: Date): number {
  return Math.floor((dayOfYear(date) + 6 - (date.getDay() - first + 7) % 7) / 7);
}

/** The year that an ISO week belongs to, and its number: that of its Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7));
  return { year: thursday.getFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}

const hour12 = (date: Date): number => date.getHours() % 12 || 12;

/** The conversions of strftime(3) that lines have a use for, in the C locale. */
const CONVERSIONS: Readonly<Record<string, (date: Date) => string>> = {
  "%": () => "%",
  n: () => "\n",
  t: () => "\t",
  a: (date) => DAYS[date.getDay()]!.slice(0, 3),
  A: (date) => DAYS[date.getDay()]!,
  b: (date) => MONTHS[date.getMonth()]!,
  h: (date) => MONTHS[date.getMonth()]!,
  B: (date) => LONG_MONTHS[date.getMonth()]!,
  C: (date) => two(Math.floor(date.getFullYear() / 100)),
  d: (date) => two(date.getDate()),
  e: (date) => two(date.getDate(), " "),
  H: (date) => two(date.getHours()),
  I: (date) => two(hour12(date)),
  j: (date) => String(dayOfYear(date)).padStart(3, "0"),
  k: (date) => two(date.getHours(), " "),
  l: (date) => two(hour12(date), " "),
  m: (date) => two(date.getMonth() + 1),
  M: (date) => two(date.getMinutes()),
  G: (date) => String(isoWeek(date).year),
  g: (date) => two(isoWeek(date).year % 100),
  p: (date) => date.getHours() < 12 ? "AM" : "PM",
  P: (date) => date.getHours() < 12 ? "am" : "pm",
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => two(date.getSeconds()),
  U: (date) => two(weekFrom(0, date)),
  u: (date) => String(date.getDay() || 7),
  V: (date) => two(isoWeek(date).week),
  W: (date) => two(weekFrom(1, date)),
  w: (date) => String(date.getDay()),
  y: (date) => two(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  z: zone,
  // What a zone is called is the C library's to say; of one there is no doubt.
  Z: (date) => isUtc() ? "UTC" : zone(date),
};

const isUtc = () => Intl.DateTimeFormat().resolvedOptions().timeZone === "UTC";

/** Those that write names, and signs. */
const NAMES = "%ntaAbhBpPzZ";

/** Conversions that stand for several others. */
const SHORT_FOR: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  r: "%I:%M:%S %p",
  R: "%H:%M",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

/** What glibc takes between the percent sign and the letter; in the C locale E and O change nothing. */
const CONVERSION = /%([-_0^#]*)(\d{0,3})[EO]?([%a-zA-Z])/y;

/** Writes a conversion as its flags say: padding, a width, letters. @param isText that of a name: it gets no zeros */
function flagged(text: string, flags: string, width: number, isText: boolean): string {
  // Of several about the same thing the last one counts.
  const pad = /[-_0](?=[^-_0]*$)/.exec(flags)?.[0];
  let out = text;
  if (pad === "-") out = text.replace(/^[0 ]+(?=\d)/, "");
  if (pad === "_" && !isText) out = text.replace(/^0+(?=\d)/, (zeros) => " ".repeat(zeros.length));
  if (pad === "0" && !isText) out = text.replace(/^ +(?=\d)/, (blanks) => "0".repeat(blanks.length));
  if (flags.includes("^") || flags.includes("#")) out = out.toUpperCase();
  if (pad === "-") return out;
  return out.padStart(width, pad === "_" || (pad !== "0" && (isText || text.startsWith(" "))) ? " " : "0");
}

/** Writes a time. @param milliseconds since 1970 */
export type TimeFormat = (milliseconds: number) => string;

type TimePart = string | ((date: Date) => string);

/** @returns undefined for a format with a conversion that is not known */
function timeParts(format: string): TimePart[] | undefined {
  const parts: TimePart[] = [];
  for (let at = 0; at < format.length;) {
    if (format[at] !== "%") {
      parts.push(format[at++]!);
      continue;
    }
    CONVERSION.lastIndex = at;
    const [whole, flags = "", width = "", letter = ""] = CONVERSION.exec(format) ?? [];
    if (whole === undefined) return undefined;
    at += whole.length;
    const long = SHORT_FOR[letter];
    const several = long === undefined ? undefined : timeParts(long)!;
    const conversion = several === undefined ? CONVERSIONS[letter] : (date: Date) => written(several, date);
    if (conversion === undefined) return undefined;
    const isText = several !== undefined || NAMES.includes(letter);
    // As glibc has it, in small letters.
    const small = /[Zp]/.test(letter) && flags.includes("#");
    parts.push(
      flags === "" && width === ""
        ? conversion
        : small
        ? (date) => conversion(date).toLowerCase()
        : (date) => flagged(conversion(date), flags, Number(width), isText),
    );
  }
  return parts;
}

function written(parts: readonly TimePart[], date: Date): string {
  return parts.map((part) => typeof part === "string" ? part : part(date)).join("");
}

/**
 * Compiles a format of strftime(3), with the flags and widths of glibc.
 *
 * @returns undefined for one with a conversion that is not known
 */
export function compileTime(format: string): TimeFormat | undefined {
  const parts = timeParts(format);
  if (parts === undefined) return undefined;
  return byUnit(1_000, (milliseconds) => written(parts, new Date(milliseconds)));
}

/**
 * Writes a time once for all that lie in the same unit of time: most lines are of the same second as the one before.
 *
 * @param unit milliseconds
 */
export function byUnit(unit: number, format: TimeFormat): TimeFormat {
  let last = NaN;
  let text = "";
  return (milliseconds) => {
    const its = Math.floor(milliseconds / unit);
    if (its !== last) {
      last = its;
      text = format(its * unit);
    }
    return text;
  };
}

/** `[10/Oct/2000:13:55:36 -0700]`, as the common log format has it. */
export function commonTime(): TimeFormat {
  return compileTime("[%d/%b/%Y:%H:%M:%S %z]")!;
}
