import { expect, test } from "vitest";
import {
  newDataKey,
  openSealed,
  openUnderWrap,
  PersonalDataDamagedError,
  readSealedBytes,
  readSealedText,
  sealBytes,
  sealText,
  sealUnderWrap,
  unwrapKey,
  wrapKey,
} from "./person-seal.ts";

const key = newDataKey();

test("what is sealed opens under its key, twice sealed it differs, and another key does not open it", () => {
  const [one, two] = [sealText(key, "web-1.2", "t", "Ädam"), sealText(key, "web-1.2", "t", "Ädam")];
  expect(one).not.toBe(two);
  const sealed = readSealedText(one);
  expect(sealed).toMatchObject({ kind: "t", orderId: "web-1.2" });
  if (sealed === undefined) throw new Error("not read");
  expect(openSealed(sealed, key).toString("utf8")).toBe("Ädam");
  expect(() => openSealed(sealed, newDataKey())).toThrow(PersonalDataDamagedError);
});

test("it opens neither as another order's nor as another kind, nor after a bit was changed", () => {
  const sealed = readSealedText(sealText(key, "web-1", "t", "secret"));
  if (sealed === undefined) throw new Error("not read");
  expect(() => openSealed({ ...sealed, orderId: "web-2" }, key)).toThrow(PersonalDataDamagedError);
  expect(() => openSealed({ ...sealed, kind: "m" }, key)).toThrow(PersonalDataDamagedError);
  for (let bit = 0; bit < sealed.bytes.length * 8; bit += 1) {
    const bytes = Buffer.from(sealed.bytes);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => openSealed({ ...sealed, bytes }, key)).toThrow(PersonalDataDamagedError);
  }
});

test("bytes are sealed as bytes, and plain ones are not taken for sealed", () => {
  const sealed = readSealedBytes(sealBytes(key, "web-1", Buffer.from([0, 10, 255])));
  if (sealed === undefined) throw new Error("not read");
  expect(openSealed(sealed, key)).toEqual(Buffer.from([0, 10, 255]));
  expect(readSealedBytes(Buffer.from("%PDF-1.7\n"))).toBeUndefined();
});

test("a data key opens only for its order", () => {
  const [above, data] = [newDataKey(), newDataKey()];
  const wrapped = wrapKey(above, "web-1", data);
  expect(unwrapKey(above, "web-1", wrapped)).toEqual(data);
  expect(() => unwrapKey(above, "web-2", wrapped)).toThrow(PersonalDataDamagedError);
});

test("a kept reply opens only for the request that it answered", () => {
  const sealed = sealUnderWrap(key, "reply a", "{}");
  expect(openUnderWrap(key, "reply a", sealed)).toBe("{}");
  expect(() => openUnderWrap(key, "reply b", sealed)).toThrow(PersonalDataDamagedError);
});

test.each(["", "hfpd1.", "hfpd1.t", "hfpd1.t.", "hfpd1.x.web-1.AAAA", "hfpd1.t.AAAA", "Ada"])(
  "%s is no sealed text",
  (text) => {
    expect(readSealedText(text)).toBeUndefined();
  },
);
