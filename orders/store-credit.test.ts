import { expect, test } from "vitest";
import type { OrderDocument } from "./order.ts";
import { CODE_LETTERS, holderOf, readStoreCreditCode, shownCode, storeCreditCode } from "./store-credit.ts";

test("a code is read however a person types it", () => {
  const code = storeCreditCode(Uint8Array.from({ length: CODE_LETTERS }, (_, index) => index * 17));
  expect(code).toMatch(/^SC(-[0-9A-Z]{4}){4}$/);
  for (const typed of [code, code.toLowerCase(), code.replaceAll("-", " "), code.slice(3)])
    expect(readStoreCreditCode(typed)).toBe(code);
  expect(readStoreCreditCode("sc-oooo-iiii-llll-0000")).toBe("SC-0000-1111-1111-0000");
  for (const wrong of ["", "SC-", "SC-0000-0000-0000-000", "SC-0000-0000-0000-000U", `${code}0`])
    expect(readStoreCreditCode(wrong)).toBeUndefined();
});

test("a code is shown by its end only", () => {
  expect(shownCode("SC-7F3K-9Q2M-X4TD-PW8E")).toBe("…PW8E");
});

test("credit is held by an e-mail address, else by the channel's id of the customer", () => {
  const of = (customer: Partial<OrderDocument["customer"]>) =>
    holderOf({ channelId: "web", customer: { name: "Ada", ...customer } } as OrderDocument);
  expect(of({ email: " Ada@Example.TEST ", externalId: "7" })).toBe("ada@example.test");
  expect(of({ externalId: "7" })).toBe("web:7");
  expect(of({})).toBeNull();
});
