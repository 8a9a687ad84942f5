import { expect, test } from "vitest";
import { withoutPassword } from "./without-password.ts";

test.each([
  ["mqtts://bridge:s3cret@broker:8883", "mqtts://bridge:***@broker:8883"],
  ["mqtt://broker:1883", "mqtt://broker:1883"],
  ["mqtt://bridge@broker/", "mqtt://bridge@broker/"],
  ["mqtt://:s3cret@broker", "mqtt://:***@broker"],
  ["mqtt://bridge:p%40ss%2Fword@broker", "mqtt://bridge:***@broker"],
  ["postgres://user:s3cret@host/db?sslkey=s3cret", "postgres://user:***@host/db?sslkey=***"],
])("%s is shown as %s", (url, shown) => {
  expect(withoutPassword(url)).toBe(shown);
});

test("what is no URL is not shown", () => {
  expect(withoutPassword("bridge:s3cret@broker")).not.toContain("s3cret");
});
