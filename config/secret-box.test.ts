import { describe, expect, test } from "vitest";
import { newSecretKeyLine, readSecretKeys, SealedSecretError, SecretBox } from "./secret-box.ts";

function keysOf(...lines: readonly string[]) {
  const reading = readSecretKeys(lines.join("\n"));
  if (reading.status !== "ok") throw new Error(reading.problem);
  return reading.keys;
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SealedSecretError) return error.code;
    throw error;
  }
  return "none";
};

const [first, second] = [newSecretKeyLine("k1"), newSecretKeyLine("k2")];

describe("a sealed secret", () => {
  test("comes back as it was, and is never the same text twice", () => {
    const box = new SecretBox(keysOf(first));
    const secret = "whsec_äöü 🔑";
    const sealed = box.seal(secret, "channel:web");
    expect(box.open(sealed, "channel:web")).toBe(secret);
    expect(sealed).not.toBe(box.seal(secret, "channel:web"));
    expect(sealed).not.toContain(secret);
  });

  test("opens for no other purpose, and not when a byte of it has changed", () => {
    const box = new SecretBox(keysOf(first));
    const sealed = box.seal("secret", "channel:web");
    expect(codeOf(() => box.open(sealed, "channel:shopify"))).toBe("sealed_secret_damaged");
    const at = sealed.lastIndexOf(".") + 1;
    for (let index = at; index < sealed.length; index += 1) {
      const other = sealed[index] === "A" ? "Q" : "A";
      const altered = sealed.slice(0, index) + other + sealed.slice(index + 1);
      expect(
        codeOf(() => box.open(altered, "channel:web")),
        altered,
      ).toBe("sealed_secret_damaged");
    }
    for (const text of ["", "secret", "v1.k1.", "v2.k1.AAAA", `${sealed}.x`])
      expect(
        codeOf(() => box.open(text, "channel:web")),
        text,
      ).toBe("sealed_secret_damaged");
  });

  test("opens under every key of the list, is current under the first only, and names a key that is gone", () => {
    const old = new SecretBox(keysOf(first)).seal("secret", "channel:web");
    const both = new SecretBox(keysOf(second, first));
    expect(both.open(old, "channel:web")).toBe("secret");
    expect(both.isCurrent(old)).toBe(false);
    const renewed = both.seal("secret", "channel:web");
    expect(both.isCurrent(renewed)).toBe(true);
    const alone = new SecretBox(keysOf(second));
    expect(alone.open(renewed, "channel:web")).toBe("secret");
    expect(codeOf(() => alone.open(old, "channel:web"))).toBe("secret_key_missing");
    expect(() => alone.open(old, "channel:web")).toThrow(/"k1"/);
  });

  test("is not opened by another key of the same id", () => {
    const sealed = new SecretBox(keysOf(first)).seal("secret", "channel:web");
    const other = new SecretBox(keysOf(newSecretKeyLine("k1")));
    expect(codeOf(() => other.open(sealed, "channel:web"))).toBe("sealed_secret_damaged");
  });
});

describe("a list of keys", () => {
  test("may be lines with comments, or one line with commas", () => {
    expect(keysOf("# ours", `${second}  # since May`, "", first).map(({ id }) => id)).toEqual(["k2", "k1"]);
    expect(keysOf(`${second},${first}`).map(({ id }) => id)).toEqual(["k2", "k1"]);
  });

  test.each([
    ["nothing", "  \n# only a comment"],
    ["a key without an id", first.slice(3)],
    ["an id that is none", `a b:${first.slice(3)}`],
    ["half a key", "k1:c2hvcnQ="],
    ["what is no base64", `k1:${"*".repeat(43)}=`],
    ["a typed key", `k1:${Buffer.from("a".repeat(32)).toString("base64")}`],
    ["two keys of one id", `${first}\n${newSecretKeyLine("k1")}`],
  ])("that holds %s is refused, without the key in the words", (_, text) => {
    const reading = readSecretKeys(text);
    if (reading.status !== "invalid") throw new Error("expected a problem");
    expect(reading.problem).not.toContain(first.slice(3));
    expect(reading.problem).not.toContain("c2hvcnQ");
  });
});
