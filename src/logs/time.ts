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
  Z: (date) => zone(date),
};

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

/** Writes a time. @param milliseconds since 1970 */
export type TimeFormat = (milliseconds: number) => string;

/**
 * Compiles a format of strftime(3).
 *
 * @returns undefined for one with a conversion that is not known
 */
export function compileTime(format: string): TimeFormat | undefined {
  // In the C locale the modifiers E and O change nothing.
  const plain = format.replace(/%[EO]?([%a-zA-Z])/g, "%$1");
  const long = plain.replace(/%([%cDFrRTxX])/g, (whole, letter: string) => SHORT_FOR[letter] ?? whole);
  const parts: (string | ((date: Date) => string))[] = [];
  for (let at = 0; at < long.length; at++) {
    if (long[at] !== "%") {
      parts.push(long[at]!);
      continue;
    }
    const conversion = CONVERSIONS[long[++at] ?? ""];
    if (conversion === undefined) return undefined;
    parts.push(conversion);
  }
  return byUnit(1_000, (milliseconds) => {
    const date = new Date(milliseconds);
    return parts.map((part) => typeof part === "string" ? part : part(date)).join("");
  });
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
