import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../../cli/embedded/free-port.ts";
import { fetchVendure } from "./fetch.ts";

test("a registry that is away is named, with what to do, and leaves no half folder behind", async () => {
  const cache = await mkdtemp(join(tmpdir(), "holdfast-cache-"));
  onTestFinished(() => rm(cache, { recursive: true }));
  const notes: string[] = [];
  const environment = {
    ...process.env,
    XDG_CACHE_HOME: cache,
    npm_config_cache: join(cache, "npm"),
    npm_config_registry: `http://127.0.0.1:${await freePort()}`,
  };
  await expect(fetchVendure((text) => notes.push(text), environment)).rejects.toThrow(
    /^Vendure [\d.]+ could not be fetched: the package registry cannot be reached \(ECONNREFUSED\)\. .*--only vendure/,
  );
  expect(notes[0]).toContain("fetching it with npm");
  expect(await readdir(join(cache, "holdfast"))).toEqual([]);
});
