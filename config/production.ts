/**
 * What production refuses to start with: secrets that can be guessed, and connections that anybody on their way
 * can read. Rules only; `load.ts` says of what.
 */

/** Characters of a secret that nobody can try out: 95 bits where it is made of letters and digits at random. */
const LEAST_SECRET = 16;
/** Of a password of a server, which is asked for over the network. */
const LEAST_PASSWORD = 12;
const LEAST_DIFFERENT = 6;

/** What examples, tutorials and the sandbox have where a secret belongs. */
const PLACEHOLDER =
  /change.?me|replace|your[-_ ]|example|placeholder|sandbox|insert|secret.?key|my.?secret|p[a@]ssw[o0]rd|passwd|letmein|qwerty|x{6}|\.{3}|…|<.*>|(?:^|[^a-z0-9])(?:todo|tbd|fixme|dummy|admin)(?:$|[^a-z0-9])|^(?:secret|token|key|test|none|null)$/i;

/** @returns what is wrong with a secret, as the end of a sentence about its variable; null: nothing is */
export function weaknessOf(secret: string): string | null {
  return weakness(secret, LEAST_SECRET);
}

/** The same for the password in a URL. One without a password has no weak one. */
export function passwordWeakness(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { password, hostname } = new URL(url);
  if (password === "" || isLoopback(hostname)) return null;
  const found = weakness(decode(password), LEAST_PASSWORD);
  return found === null ? null : `has a password that ${found}`;
}

function weakness(secret: string, least: number): string | null {
  if (PLACEHOLDER.test(secret)) return "is a placeholder: give it a secret of its own, made at random";
  if (secret.length < least) return `is too short: ${least} characters at least, made at random`;
  if (new Set(secret).size < LEAST_DIFFERENT) return "can be guessed: give it a secret made at random";
  return null;
}

/** Whether only this machine can reach the host. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return host === "" || host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether what is sent to PostgreSQL at this URL can be read, or be answered by another server, on its way. */
export function isDatabasePlain(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  // A socket file is on this machine.
  if (isLoopback(hostname)) return searchParams.get("host")?.startsWith("/") === false;
  const mode = searchParams.get("sslmode");
  if (mode === null) return searchParams.get("ssl") !== "true" && searchParams.get("ssl") !== "1";
  return !["require", "verify-ca", "verify-full"].includes(mode);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
