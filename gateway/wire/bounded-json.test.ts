import fc from "fast-check";
import { pack } from "msgpackr";
import { expect, test } from "vitest";
import { MAX_DEPTH, MAX_VALUES } from "../../config/limits.ts";
import { decodeBoundedMsgpack, parseBoundedJson } from "./bounded-json.ts";
import { ApiError } from "./problem.ts";

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

test("JSON is read as JSON.parse reads it, whatever is inside its strings", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      expect(parseBoundedJson(text, "malformed_frame")).toEqual(JSON.parse(text));
    }),
  );
  const brackets = JSON.stringify({ text: `\\"${"[".repeat(500)}` });
  expect(parseBoundedJson(brackets, "malformed_frame")).toEqual(JSON.parse(brackets));
});

test("JSON at the limits is read, beyond them refused", () => {
  expect(parseBoundedJson(nested(MAX_DEPTH), "malformed_frame")).toBeInstanceOf(Array);
  expect(() => parseBoundedJson(nested(MAX_DEPTH + 1), "malformed_frame")).toThrow(ApiError);
  expect(() => parseBoundedJson(`[${"0,".repeat(MAX_VALUES)}0]`, "malformed_frame")).toThrow(ApiError);
});

test("MessagePack of any plain value is read back as it was", () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 8 }).filter((value) => !JSON.stringify(value).includes("__proto__")),
      (value) => {
        // -0 is 0 in MessagePack's integers.
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(decodeBoundedMsgpack(Buffer.from(pack(plain)))).toEqual(plain);
      },
    ),
  );
});

test("no bytes at all make the MessagePack reader do anything but return or refuse with a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeBoundedMsgpack(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("every cut of a MessagePack message is refused", () => {
  const whole = Buffer.from(
    pack({ id: "m", type: "stock.positions", skus: ["A", "B".repeat(300)], n: [1.5, -3] }),
  );
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => decodeBoundedMsgpack(whole.subarray(0, length))).toThrow(ApiError);
  }
});
