/**
 * Where a request comes from. A proxy in front of us has an address of its own and tells of its caller's in a
 * header, which anybody else could send, too. So the header is read only where the connection comes from a proxy
 * that we trust, and from its end: each proxy adds whom it has heard, and what stands before that is hearsay.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { ProxyHeader } from "../../config/trusted-proxies.ts";

export type ClientAddress = (peer: string, headers: Readonly<Record<string, string>>) => string;

/**
 * @param trusted networks in CIDR notation; none: every peer is a client
 * @param header that the proxies set; another one may come from the client
 */
export function clientAddressBehind(trusted: readonly string[], header: ProxyHeader): ClientAddress {
  if (trusted.length === 0) return (peer) => plainAddress(peer);
  const networks = new BlockList();
  for (const cidr of trusted) {
    const [network = "", bits = ""] = cidr.split("/", 2);
    const family = isIPv4(network) ? "ipv4" : "ipv6";
    networks.addSubnet(network, bits === "" ? (family === "ipv4" ? 32 : 128) : Number(bits), family);
  }
  const isTrusted = (address: string): boolean => networks.check(address, isIPv4(address) ? "ipv4" : "ipv6");
  return (peer, headers) => {
    let client = plainAddress(peer);
    if (!isTrusted(client)) return client;
    for (const hop of hopsOf(headers[header] ?? "", header).reverse()) {
      const address = addressOf(hop);
      // A proxy that does not say whom it has heard: nobody before it can be believed.
      if (address === null) return client;
      client = address;
      if (!isTrusted(client)) return client;
    }
    return client;
  };
}

/** Headers of which a second line adds to the first. */
export function isProxyHeader(name: string): boolean {
  return name === "x-forwarded-for" || name === "forwarded";
}

/**
 * What attempts are counted by: an address; of IPv6 the network of 64 bits, since whoever has one of its
 * addresses has them all.
 */
export function countedAs(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("%", 1)[0]?.split("::", 2) ?? [];
  const first = head === "" ? [] : head.split(":");
  const last = tail === "" ? [] : tail.split(":");
  const gap = address.includes("::") ? Math.max(0, 8 - first.length - last.length) : 0;
  const groups = [...first, ...Array<string>(gap).fill("0"), ...last];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

function hopsOf(text: string, header: ProxyHeader): string[] {
  const hops = text === "" ? [] : text.split(",").map((hop) => hop.trim());
  if (header === "x-forwarded-for") return hops;
  return hops.map((hop) => /(?:^|;)\s*for="?([^";]+)"?/i.exec(hop)?.[1]?.trim() ?? "");
}

/** Of `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; null: it is none of them. */
function addressOf(hop: string): string | null {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop)?.[1];
  const withPort = /^([\d.]+):\d{1,5}$/.exec(hop)?.[1];
  const address = bracketed ?? withPort ?? hop;
  return isIPv4(address) || isIPv6(address) ? plainAddress(address) : null;
}

/** An address as people write it; an IPv4 address that came over an IPv6 socket as itself. */
function plainAddress(address: string): string {
  if (!isIPv6(address) || address.includes("%")) return address.toLowerCase();
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join(".");
}
