/**
 * A URL for logs and screens: the password in it is replaced by `***`, and so is a password or key among its
 * parameters. What is no URL is not shown at all.
 */
export function withoutPassword(url: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url) || !URL.canParse(url)) return "(not a URL)";
  const parsed = new URL(url);
  if (parsed.password !== "") parsed.password = "***";
  for (const name of [...parsed.searchParams.keys()]) {
    if (/pass|secret|token|key/i.test(name)) parsed.searchParams.set(name, "***");
  }
  return parsed.href.replace(/\/$/, url.endsWith("/") ? "/" : "");
}
