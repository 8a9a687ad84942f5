import { expect, test } from "vitest";
import { isEmailAddress } from "./email-address.ts";

test.each([
  "maya@example.com",
  "maya.o'brien+shop@mail.example.co.uk",
  "jürgen@müller.example",
  `${"a".repeat(64)}@example.com`,
  "1@2.example",
])("%s is an address", (text) => {
  expect(isEmailAddress(text)).toBe(true);
});

test.each([
  "",
  "maya",
  "@example.com",
  "maya@",
  "maya@localhost",
  "maya@example",
  "maya@example.com, eve@example.com",
  "maya@example.com\r\nBcc: eve@example.com",
  "Maya <maya@example.com>",
  "maya @example.com",
  ".maya@example.com",
  "maya..m@example.com",
  "maya@-example.com",
  "maya@example..com",
  "maya@192.0.2.1",
  `${"a".repeat(65)}@example.com`,
  `maya@${"a".repeat(250)}.com`,
])("%j is none", (text) => {
  expect(isEmailAddress(text)).toBe(false);
});
