/** Access tokens of a simulated vendor: given out, expiring, called in. */
import { randomBytes } from "node:crypto";

export type SimulatedTokens = {
  issue(): { readonly value: string; readonly lifeSeconds: number };
  isGood(token: string): boolean;
  /** How many were given out. */
  readonly issued: number;
  expireAll(): void;
};

export function createSimulatedTokens(options: {
  readonly lifeSeconds: number;
  readonly now: () => number;
  /** Before each token, as the vendor writes it. */
  readonly prefix?: string;
}): SimulatedTokens {
  const endings = new Map<string, number>();
  let issued = 0;
  return {
    issue() {
      issued += 1;
      const value = `${options.prefix ?? ""}${randomBytes(24).toString("hex")}`;
      endings.set(value, options.now() + options.lifeSeconds * 1000);
      return { value, lifeSeconds: options.lifeSeconds };
    },
    isGood: (token) => options.now() < (endings.get(token) ?? 0),
    get issued() {
      return issued;
    },
    expireAll: () => endings.clear(),
  };
}

/** What stands behind `Bearer`; empty where nothing does. */
export function bearerOf(headers: Readonly<Record<string, string>>): string {
  return /^Bearer (.+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? "";
}

/** User and password of HTTP Basic; null where the header is another. */
export function basicOf(
  headers: Readonly<Record<string, string>>,
): { readonly user: string; readonly password: string } | null {
  const encoded = /^Basic (.+)$/i.exec(headers["authorization"] ?? "")?.[1];
  if (encoded === undefined) return null;
  const [user = "", ...rest] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  return { user, password: rest.join(":") };
}
