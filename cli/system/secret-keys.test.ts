import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newSecretKeyLine } from "../../config/secret-box.ts";
import { UserProblem } from "../problem.ts";
import { ownSecretBox, secretBoxOf } from "./secret-keys.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => {
      if (error instanceof UserProblem) return error.code;
      throw error;
    },
  );

test("a folder's own key is made once, for its owner only, and opens what it sealed after a restart", async () => {
  const sealed = (await ownSecretBox(folder)).seal("secret", "test");
  const path = join(folder, "secrets.key");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const before = readFileSync(path, "utf8");
  expect((await ownSecretBox(folder)).open(sealed, "test")).toBe("secret");
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("a key file that is damaged is never replaced by another key", async () => {
  const path = join(folder, "secrets.key");
  writeFileSync(path, "");
  expect(await codeOf(ownSecretBox(folder))).toBe("secrets_key_invalid");
  expect(readFileSync(path, "utf8")).toBe("");
});

test("the settings name keys, or a file of them, or none", async () => {
  const line = newSecretKeyLine("k1");
  const keyFile = join(folder, "keys");
  writeFileSync(keyFile, `# since May\n${newSecretKeyLine("k2")}\n${line}\n`);
  const sealed = (await secretBoxOf({ keys: line, keyFile: null }))?.seal("secret", "test") ?? "";
  const box = await secretBoxOf({ keys: null, keyFile });
  expect([box?.open(sealed, "test"), box?.isCurrent(sealed)]).toEqual(["secret", false]);
  expect(await secretBoxOf({ keys: null, keyFile: null })).toBeNull();
  expect(await codeOf(secretBoxOf({ keys: null, keyFile: join(folder, "nowhere") }))).toBe(
    "secrets_key_unreadable",
  );
  writeFileSync(keyFile, "k1:not-a-key");
  expect(await codeOf(secretBoxOf({ keys: null, keyFile }))).toBe("secrets_key_invalid");
});
