import { expect, test } from "vitest";
import { bridgeName, topicPrefix } from "./topic-prefix.ts";

test("a company's topics are below its prefix at the broker, and without it everywhere else", () => {
  const { put, take } = topicPrefix("acme");
  expect(put("zebra/+/data")).toBe("acme/zebra/+/data");
  expect(take("acme/zebra/dock-1/data")).toBe("zebra/dock-1/data");
  // Only the first level is the prefix: a site may have the same name.
  expect(take(put("holdfast/acme/hall/belt-1/ack"))).toBe("holdfast/acme/hall/belt-1/ack");
});

test("without a prefix topics and names are as they always were", () => {
  const { put, take } = topicPrefix(undefined);
  expect([put("a/b"), take("a/b")]).toEqual(["a/b", "a/b"]);
  expect([bridgeName(undefined), bridgeName("acme")]).toEqual(["holdfast-bridge", "holdfast-bridge@acme"]);
});
