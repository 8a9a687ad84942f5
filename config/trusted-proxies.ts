/** Proxies whose word about their callers counts. */
import { isIPv4, isIPv6 } from "node:net";

export const PROXY_HEADERS = ["x-forwarded-for", "forwarded"] as const;
export type ProxyHeader = (typeof PROXY_HEADERS)[number];

/** @returns networks in CIDR notation; undefined where one of them is none */
export function readNetworks(text: string): readonly string[] | undefined {
  const networks = text
    .split(",")
    .map((network) => network.trim())
    .filter((network) => network !== "");
  return networks.every(isNetwork) ? networks : undefined;
}

function isNetwork(text: string): boolean {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] ?? "";
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return Number(match?.[2] ?? most) <= most && most > 0;
}
