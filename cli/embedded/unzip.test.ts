import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { readZipEntry } from "./unzip.ts";

const FILES = [
  { name: "package-1.0.dist-info/METADATA", content: "Name: package", deflated: false },
  { name: "package-1.0.data/scripts/program", content: "#!/bin/sh\n".repeat(500), deflated: true },
];

/** A zip as PKWARE's APPNOTE describes it: entries, central directory, end record with a comment. */
function zip(comment: string): Buffer {
  const entries: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of FILES) {
    const name = Buffer.from(file.name);
    const plain = Buffer.from(file.content);
    const packed = file.deflated ? deflateRawSync(plain) : plain;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    entries.push(local, name, packed);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(file.deflated ? 8 : 0, 10);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(plain.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    directory.push(central, name);
    offset += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(FILES.length, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...entries, ...directory, end, Buffer.from(comment)]);
}

test.each(["", "a comment after the end record"])(
  "entries are found by the end of their name (%j)",
  (comment) => {
    const archive = zip(comment);
    expect(readZipEntry(archive, "/program")?.toString()).toBe("#!/bin/sh\n".repeat(500));
    expect(readZipEntry(archive, "/METADATA")?.toString()).toBe("Name: package");
    expect(readZipEntry(archive, "/absent")).toBeUndefined();
  },
);

test("what is no zip is refused", () => {
  expect(() => readZipEntry(Buffer.from("<html>404</html>"), "/program")).toThrow("not a zip archive");
});
