import { expect, test } from "vitest";
import { isKnownHost, knownHosts } from "./known-host.ts";

const names = knownHosts("https://orders.example.com", ["Holdfast"]);

test.each([
  ["orders.example.com", true],
  ["ORDERS.example.com:443", true],
  ["orders.example.com.", true],
  ["holdfast:7400", true],
  ["localhost:7400", true],
  ["127.0.0.1:7400", true],
  ["[::1]:7400", true],
  ["10.1.2.3", true],
  ["evil.example", false],
  ["orders.example.com.evil.example", false],
  ["orders.example.com@evil.example", false],
  ["127.0.0.1.evil.example", false],
  ["", false],
  [undefined, false],
])("Host %s is ours: %s", (host, ours) => {
  expect(isKnownHost(host, names)).toBe(ours);
});
