/** Calendar days (ISO 8601) of a time zone. */

/** @param timeZone IANA name; one that the browser does not know counts as UTC */
export function dayIn(timeZone: string, at: Date): string {
  const day = (zone: string): string =>
    new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    }).format(at);
  try {
    return day(timeZone);
  } catch {
    return day("UTC");
  }
}

export function addDays(day: string, count: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + count);
  return at.toISOString().slice(0, 10);
}
