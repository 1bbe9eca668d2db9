// Numbers as a person reads them.

const whole = new Intl.NumberFormat("en");

/** 12,345 */
export const count = (number) => whole.format(Math.round(number));

/** "1 cell", "3 cells" */
export const many = (number, one, more = `${one}s`) => `${count(number)} ${number === 1 ? one : more}`;

/** Bytes as a person says them. */
export function amount(size) {
  if (size === null || size === undefined) return "";
  if (size < 1000) return `${size} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = size / 1024, unit = 0;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Seconds: 0.24 s, 8.1 s, 3:07, 1:02:09 */
export function duration(seconds) {
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return clock(seconds);
}

/** How sure a model was of a reply, by its mean log-probability: "87 % sure"; "" where that is not known. */
export function sure(confidence) {
  return typeof confidence === "number" ? `${Math.min(99, Math.round(100 * Math.exp(confidence)))} % sure` : "";
}

/** Seconds as a clock: 0:07, 3:07, 1:02:09 */
export function clock(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  return hours ? `${hours}:${pad(minutes)}:${pad(all % 60)}` : `${minutes}:${pad(all % 60)}`;
}

/** A moment of a stretch of time as a clock; of a short one in seconds: 0.24 s, 8.1 s. */
export const moment = (seconds, whole) => (whole < 59.95 ? `${seconds.toFixed(whole < 0.995 ? 2 : 1)} s` : clock(seconds));
