import { expect, test } from "vitest";
import { clientAddressBehind, countedAs } from "./client-address.ts";

const PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48", "127.0.0.1"];
const behind = clientAddressBehind(PROXIES, "x-forwarded-for");
const forwarded = clientAddressBehind(PROXIES, "forwarded");

test.each<[string, string, string | undefined, string]>([
  ["a client that comes straight to us", "198.51.100.7", undefined, "198.51.100.7"],
  ["a client that says it is somebody else", "198.51.100.7", "203.0.113.9", "198.51.100.7"],
  ["a client behind a proxy", "10.0.0.5", "198.51.100.7", "198.51.100.7"],
  [
    "a client behind a proxy that says it is somebody else",
    "10.0.0.5",
    "127.0.0.1, 198.51.100.7",
    "198.51.100.7",
  ],
  ["a client behind two proxies", "10.0.0.5", "203.0.113.9, 198.51.100.7, 10.2.3.4", "198.51.100.7"],
  ["a proxy that asks for itself", "10.0.0.5", undefined, "10.0.0.5"],
  ["a chain of proxies alone", "10.0.0.5", "10.0.0.6, 10.0.0.7", "10.0.0.6"],
  ["a hop that is no address", "10.0.0.5", "203.0.113.9, unknown", "10.0.0.5"],
  ["an empty header", "10.0.0.5", "", "10.0.0.5"],
  ["an address with its port", "10.0.0.5", "198.51.100.7:4711", "198.51.100.7"],
  ["IPv6 with brackets and port", "10.0.0.5", "[2001:DB8::1]:4711", "2001:db8::1"],
  ["a proxy of IPv6", "2001:db8:ffff::5", "198.51.100.7", "198.51.100.7"],
  [
    "an IPv4 proxy over an IPv6 socket",
    "0000:0000:0000:0000:0000:ffff:0a00:0005",
    "198.51.100.7",
    "198.51.100.7",
  ],
  ["an IPv4 client over an IPv6 socket", "::ffff:198.51.100.7", undefined, "198.51.100.7"],
])("%s", (_what, peer, header, client) => {
  expect(behind(peer, header === undefined ? {} : { "x-forwarded-for": header })).toBe(client);
});

test.each([
  ["for=198.51.100.7", "198.51.100.7"],
  ['for="[2001:db8::1]:80";proto=https;by=10.0.0.5', "2001:db8::1"],
  ["For=203.0.113.9, for=198.51.100.7;proto=http", "198.51.100.7"],
  ["proto=https;for=_hidden", "10.0.0.5"],
])("Forwarded: %s", (header, client) => {
  expect(forwarded("10.0.0.5", { forwarded: header })).toBe(client);
});

test("only the header that the proxies set is read: the other one may be the client's", () => {
  const both = { "x-forwarded-for": "198.51.100.7", forwarded: "for=203.0.113.9" };
  expect([behind("10.0.0.5", both), forwarded("10.0.0.5", both)]).toEqual(["198.51.100.7", "203.0.113.9"]);
});

test("without a proxy that is trusted every peer is the client", () => {
  expect(clientAddressBehind([], "x-forwarded-for")("10.0.0.5", { "x-forwarded-for": "198.51.100.7" })).toBe(
    "10.0.0.5",
  );
});

test("attempts from one network of IPv6 are counted together", () => {
  expect(countedAs("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(countedAs("2001:db8:1:2::9")).toBe("2001:db8:1:2::/64");
  expect(countedAs("2001:0db8:0001:0002:0000:0000:0000:0009")).toBe("2001:db8:1:2::/64");
  expect(countedAs("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(countedAs("198.51.100.7")).toBe("198.51.100.7");
});
