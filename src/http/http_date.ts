/** Dates as clients write them: the three forms that a recipient must take (RFC 9110, 5.6.7). */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const MONTH = `(${MONTHS.join("|")})`;
const DAY_NAME = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY_NAME = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const TIME = String.raw`(\d\d):(\d\d):(\d\d)`;

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const IMF_FIXDATE = new RegExp(String.raw`^${DAY_NAME}, (\d\d) ${MONTH} (\d{4}) ${TIME} GMT$`);
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC850_DATE = new RegExp(String.raw`^${LONG_DAY_NAME}, (\d\d)-${MONTH}-(\d\d) ${TIME} GMT$`);
/** `Sun Nov  6 08:49:37 1994` */
const ASCTIME_DATE = new RegExp(String.raw`^${DAY_NAME} ${MONTH} ([ \d]\d) ${TIME} (\d{4})$`);

/**
 * Reads an HTTP date. The name of the day has to be one; whether it is that of the date is not looked at, since nothing
 * depends on it.
 *
 * @param text the value of a field
 * @param now milliseconds since 1970, by which a year of two digits is told
 * @returns milliseconds since 1970; undefined for what is no date of the three forms, or not in the calendar
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  let match = IMF_FIXDATE.exec(text);
  if (match !== null) {
    const [, day, month, year, ...time] = match;
    return timeOf(Number(year), month!, Number(day), time);
  }
  match = RFC850_DATE.exec(text);
  if (match !== null) {
    const [, day, month, year, ...time] = match;
    return timeInCentury(Number(year), month!, Number(day), time, now);
  }
  match = ASCTIME_DATE.exec(text);
  if (match === null) return undefined;
  const [, month, day, hour, minute, second, year] = match;
  return timeOf(Number(year), month!, Number(day), [hour!, minute!, second!]);
}

/** More than 50 years ahead is the past: the last year with the same two digits (RFC 9110, 5.6.7). */
function timeInCentury(
  twoDigits: number,
  month: string,
  day: number,
  time: readonly string[],
  now: number,
): number | undefined {
  const date = new Date(now);
  const century = Math.floor(date.getUTCFullYear() / 100) * 100;
  const limit = date.setUTCFullYear(date.getUTCFullYear() + 50);
  for (let year = century + 100 + twoDigits;; year -= 100) {
    // A date that this year does not have, as 29 February, tells its century by the day before it.
    const known = timeOf(year, month, Math.min(day, 28), time);
    if (known === undefined) return undefined;
    if (known <= limit) return timeOf(year, month, day, time);
  }
}

function timeOf(year: number, month: string, day: number, time: readonly string[]): number | undefined {
  const [hour, minute, second] = time.map(Number);
  // A leap second may be written; no clock here has it.
  if (hour! > 23 || minute! > 59 || second! > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, MONTHS.indexOf(month), day);
  // A day that the month does not have has become one of another month.
  if (date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour!, minute!, Math.min(second!, 59));
}
