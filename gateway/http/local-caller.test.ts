import { expect, test } from "vitest";
import type { HttpRequest } from "../wire/http-message.ts";
import { isLocalCaller } from "./local-caller.ts";

function from(remoteAddress: string, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return { remoteAddress, headers } as HttpRequest;
}

test("a caller is local only from a loopback address and through no proxy that tells of itself", () => {
  const local = ["127.0.0.1", "127.9.9.9", "::1", "0000:0000:0000:0000:0000:0000:0000:0001"];
  for (const address of local) expect([address, isLocalCaller(from(address))]).toEqual([address, true]);
  expect(isLocalCaller(from("203.0.113.9"))).toBe(false);
  expect(isLocalCaller(from("127.0.0.1", { host: "localhost", accept: "*/*" }))).toBe(true);
  const passedOn = ["forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-client-ip"];
  for (const name of passedOn) {
    expect([name, isLocalCaller(from("127.0.0.1", { [name]: "203.0.113.9" }))]).toEqual([name, false]);
  }
});
