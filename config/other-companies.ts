/** Other companies' systems, to which a person of several companies can go from here. */
import { isLoopback } from "./production.ts";

export type OtherCompany = {
  readonly name: string;
  /** Where browsers reach its system, without a slash at the end. */
  readonly url: string;
};

type Reading =
  | { readonly status: "ok"; readonly companies: readonly OtherCompany[] }
  | { readonly status: "invalid"; readonly problem: string };

/** More would be no list to choose from. */
const MOST = 50;
const NAME_MOST = 100;

/**
 * Reads `Acme Retail=https://retail.example.com, Acme Trade=https://trade.example.com`.
 *
 * @param isProduction a system that is not on this machine is reached by https
 */
export function readOtherCompanies(text: string, isProduction: boolean): Reading {
  const invalid = (problem: string): Reading => ({ status: "invalid", problem });
  const companies: OtherCompany[] = [];
  for (const entry of text.split(",").map((each) => each.trim())) {
    if (entry === "") continue;
    const at = entry.indexOf("=");
    const name = entry.slice(0, Math.max(at, 0)).trim();
    const address = entry.slice(at + 1).trim();
    if (name === "" || name.length > NAME_MOST || !URL.canParse(address)) {
      return invalid(
        'must be like "Acme Retail=https://retail.example.com, Acme Trade=https://trade.example.com"',
      );
    }
    const url = new URL(address);
    const isSafe =
      url.protocol === "https:" || (url.protocol === "http:" && (!isProduction || isLoopback(url.hostname)));
    if (!isSafe) return invalid(`must have https:// in front of the address of ${name}`);
    if (url.username !== "" || url.password !== "") {
      return invalid(`must have no user name or password in the address of ${name}`);
    }
    companies.push({ name, url: (url.origin + url.pathname).replace(/\/+$/, "") });
  }
  return companies.length > MOST
    ? invalid(`must name ${MOST} companies at most`)
    : { status: "ok", companies };
}
