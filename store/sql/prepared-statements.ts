/**
 * Statements with parameters are prepared once a connection, by a name made of their text, so that PostgreSQL
 * parses and plans each of them a few times and not each time. `npm run order-model` shows it.
 *
 * Invariant: two texts never share a name. A text that is made anew each time must not fill the server's
 * memory, so only so many have names; the others work as ever.
 */
import { createHash } from "node:crypto";
import type pg from "pg";

/** The product has some 400 statements. */
const MAX_NAMES = 2_000;

const names = new Map<string, string>();

/** From now on this client prepares what it is asked with parameters. */
export function prepareStatements(client: pg.ClientBase): void {
  const query = client.query.bind(client) as (...request: readonly unknown[]) => unknown;
  client.query = ((...[first, second, ...rest]: readonly unknown[]) => {
    const name = nameOf(first, second);
    if (name === undefined) return query(first, second, ...rest);
    return typeof first === "string"
      ? query({ name, text: first, values: second }, ...rest)
      : query({ ...(first as object), name }, second, ...rest);
  }) as typeof client.query;
}

function nameOf(first: unknown, second: unknown): string | undefined {
  if (typeof first === "string") return Array.isArray(second) ? named(first) : undefined;
  const config = first as Partial<pg.QueryConfig> & { readonly submit?: unknown };
  const hasValues = config.values !== undefined || Array.isArray(second);
  return config.name === undefined && config.submit === undefined && hasValues && config.text !== undefined
    ? named(config.text)
    : undefined;
}

function named(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MAX_NAMES) return known;
  const name = createHash("sha256").update(text).digest("hex").slice(0, 32);
  names.set(text, name);
  return name;
}
