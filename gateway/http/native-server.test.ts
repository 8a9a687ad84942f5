import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { loadNativeServer, NativeServerMissing } from "./native-server.ts";

const good = await loadNativeServer();

function failing(message: string) {
  return async () => {
    throw new Error(message);
  };
}

describe("the native server", () => {
  it("is the first build that loads", async () => {
    const builds = [
      { load: failing("no binary"), runsOn: "Node 20" },
      { load: async () => good, runsOn: "Node 24" },
      { load: failing("never asked"), runsOn: "Node 26" },
    ];
    expect(await loadNativeServer(builds)).toBe(good);
  });

  it("says for each build what is missing, where none loads", async () => {
    const builds = [
      {
        load: failing("Supports only others.\n\nError: Cannot find module './bin/a.node'\nRequire stack:"),
        runsOn: "Node 20",
      },
      { load: failing("Supports only others.\n\nError: version `GLIBC_2.38' not found"), runsOn: "Node 24" },
    ];
    const failure = await loadNativeServer(builds).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NativeServerMissing);
    expect(failure).toMatchObject({ code: "native_server_missing" });
    const { message } = failure as Error;
    expect(message).toContain(`Node ${process.versions.node}`);
    expect(message).toContain("the build for Node 20 says \"Cannot find module './bin/a.node'\"");
    expect(message).toContain('the build for Node 24 says "version `GLIBC_2.38\' not found"');
  });

  it("is installed without a warning on Node 20: the lock file says of the first build what it has", () => {
    const { packages } = JSON.parse(readFileSync(join(projectRoot, "package-lock.json"), "utf8")) as {
      packages: Record<string, { engines?: { node?: string } }>;
    };
    expect(packages["node_modules/uWebSockets.js"]?.engines?.node).toBe(">=18");
    const wanting = Object.entries(packages).filter(([, { engines }]) => engines?.node?.startsWith(">=22"));
    expect(wanting).toEqual([]);
  });
});
