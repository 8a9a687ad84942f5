/** Topic filters of MQTT: `+` is any level, `#` at the end any that follow, none included. */

/** Whether a message on `topic` is one that `filter` takes. */
export function takesTopic(filter: string, topic: string): boolean {
  // `$SYS` and the like are the broker's own: a wildcard at the beginning does not reach them.
  if (topic.startsWith("$") && !filter.startsWith("$")) return false;
  return coversFilter(filter, topic);
}

/** Whether every topic that `inner` takes is one that `outer` takes. */
export function coversFilter(outer: string, inner: string): boolean {
  const wide = outer.split("/");
  const narrow = inner.split("/");
  for (const [at, level] of wide.entries()) {
    if (level === "#") return true;
    const other = narrow[at];
    if (other === undefined || other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return wide.length === narrow.length;
}

/** Whether there is a topic that both filters take. */
export function filtersMeet(a: string, b: string): boolean {
  const [left, right] = [a.split("/"), b.split("/")];
  for (const [at, level] of left.entries()) {
    const other = right[at];
    if (level === "#" || other === "#") return true;
    if (other === undefined) return false;
    if (level !== other && level !== "+" && other !== "+") return false;
  }
  return left.length === right.length || right[left.length] === "#";
}
