/**
 * `holdfast start` as a user meets it: first and second start, Ctrl-C, what a killed start leaves behind, and
 * every way to fail.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settingsVariables } from "../config/load.ts";
import { projectRoot } from "../config/project-root.ts";
import type { SystemStatus } from "../contract/system.ts";
import { vendorKinds } from "../integrations/vendor-kinds.ts";
import { runCommand, TestSystem } from "../test-support/system.ts";
import { readLocalFile } from "./client/credentials.ts";
import { identify, waitUntil } from "./embedded/processes.ts";

const MINUTE = 60_000;

describe("a system that runs", () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.start();
  }, 5 * MINUTE);
  afterAll(async () => {
    await system.destroy();
  }, MINUTE);

  test("says where everything is and how to log in", () => {
    expect(system.terminal).toContain(`http://127.0.0.1:${system.environment["HOLDFAST_PORT"]}`);
    expect(system.terminal).toContain(`http://127.0.0.1:${system.environment["HOLDFAST_TEMPORAL_UI_PORT"]}`);
    expect(system.terminal).toContain("admin@sandbox.example");
  });

  test("is ready, with every dependency", async () => {
    const { url } = await system.access();
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ ready: true });
  });

  test("serves every metric that docs/metrics.md lists and no other, with numbers of all its parts", async () => {
    const { url } = await system.access();
    const text = await (await fetch(`${url}/metrics`)).text();
    const documented = readFileSync(join(projectRoot, "docs", "metrics.md"), "utf8").matchAll(
      /^\| `(\w+)` \|/gm,
    );
    const served = text.matchAll(/^# HELP (\S+) /gm);
    const names = (found: Iterable<RegExpMatchArray>) => [...found].map(([, name]) => name).sort();
    expect(names(served)).toEqual(names(documented));
    for (const up of [
      "engine_up",
      "database_figures_up",
      "saga_worker_up",
      'mqtt_connected{session="robots"',
    ])
      expect(text).toMatch(new RegExp(`^holdfast_${up.replace("{", "\\{")}[^\n]* 1$`, "m"));
    expect(text).toMatch(/^holdfast_engine_commit_duration_seconds_count\{[^}]*\} [1-9]/m);
    expect(text).toMatch(/^holdfast_job_last_success_timestamp_seconds\{job="webhooks"/m);
  });

  test("tells of itself on the page System: it is up, reaches everything, and serves every shard", async () => {
    const { url, key } = await system.access();
    const read = async () =>
      (await (
        await fetch(`${url}/v1/system`, { headers: { authorization: `Bearer ${key}` } })
      ).json()) as SystemStatus;
    await expect.poll(async () => (await read()).nodes[0]?.state, { timeout: 15_000 }).toBe("up");
    const { nodes, shards } = await read();
    expect(nodes).toMatchObject([
      {
        sagas: { isRunning: true },
        broker: { connected: 4 },
        roles: expect.arrayContaining(["engine", "gateway"]),
      },
    ]);
    expect(nodes[0]?.dependencies.filter(({ ready }) => !ready)).toEqual([]);
    expect(shards).toHaveLength(16);
    expect(new Set(shards.map(({ node, state }) => `${node} ${state}`))).toEqual(
      new Set([`${nodes[0]?.id} served`]),
    );
  });

  test("keeps secrets under a key of its own, which only its owner can read", async () => {
    expect(statSync(join(system.folder, "secrets.key")).mode & 0o777).toBe(0o600);
    const shown = await system.run(["channel", "show", "shopify", "--json"]);
    expect(shown.status, shown.stderr).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({ webhook: { secrets: [{ countsUntil: null }] } });
  });

  test("lets its command line in without flags, and nobody without a key", async () => {
    const outcome = await system.run(["stock", "show", "HAT-BRM-SAND", "--json"]);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain('"locationId":"fc-reno"');
    const refused = await system.run(["stock", "show", "--key", "hf_wrong"]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^error: /);
  });

  test("refuses a second start on its data folder, and goes on", async () => {
    const second = await system.run(["start"]);
    expect(second.status).toBe(1);
    expect(second.stderr).toContain("already runs");
    expect((await fetch(`${(await system.access()).url}/healthz`)).status).toBe(200);
  });

  test(
    "stops on Ctrl-C with everything that it started and nothing else, and is back with its data in under 15 s",
    async () => {
      const bystander: Server = createServer().listen(0, "127.0.0.1");
      const children = system.children();
      expect(children.map((one) => one.name).sort()).toEqual(["postgres", "simulators", "temporal"]);
      const { key } = await system.access();

      const { status, terminal } = await system.interrupt();
      expect(status, terminal).toBe(0);
      for (const { name, pid } of children) expect(await identify(pid), name).toBeUndefined();
      expect(system.children()).toEqual([]);
      expect(bystander.listening).toBe(true);
      bystander.close();

      expect(await system.start()).toBeLessThan(15_000);
      expect(system.terminal).not.toContain("Sandbox ");
      expect((await system.access()).key).toBe(key);
    },
    2 * MINUTE,
  );

  test(
    "what a start brought up ends with it, also where it is killed; what was left nevertheless is cleared away",
    async () => {
      const children = system.children();
      const files = [".", "logs"].flatMap((folder) =>
        readdirSync(join(system.folder, folder)).map((name) => join(system.folder, folder, name)),
      );
      const open = files.filter((file) => statSync(file).isFile() && (statSync(file).mode & 0o077) !== 0);
      expect(open).toEqual([]);
      await system.killAlone();
      for (const { name, pid } of children) {
        const isGone = await waitUntil(async () => (await identify(pid)) === undefined, 30_000);
        expect(isGone, name).toBe(true);
      }

      // The next test has it run out of memory.
      const leak = pathToFileURL(join(projectRoot, "test-support", "run-out-of-memory.mjs")).href;
      system.environment["NODE_OPTIONS"] = `--max-old-space-size=256 --import ${leak}`;
      try {
        await system.start();
      } finally {
        delete system.environment["NODE_OPTIONS"];
      }
      expect((await fetch(`${(await system.access()).url}/readyz`)).status).toBe(200);
    },
    2 * MINUTE,
  );

  /** The cookie is of before the system was reached from elsewhere. */
  let cookie = "";
  const signIn = async (password: string | undefined) => {
    const { url } = await system.access();
    const reply = await fetch(`${url}/v1/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "admin@sandbox.example", password }),
    });
    return { status: reply.status, cookie: reply.headers.get("set-cookie")?.split(";", 1)[0] ?? "" };
  };

  test(
    "what a start brought up ends with it where it runs out of memory, and nothing holds its ports",
    async () => {
      ({ cookie } = await signIn("sandbox"));
      expect(cookie).toContain("holdfast_session_");
      const children = system.children();
      expect(children.map(({ name }) => name).sort()).toEqual(["postgres", "simulators", "temporal"]);
      expect(await system.runOutOfMemory()).not.toBe("SIGKILL");
      expect(system.terminal).toContain("heap out of memory");
      for (const { name, pid } of children) {
        const isGone = await waitUntil(async () => (await identify(pid)) === undefined, 30_000);
        expect(isGone, name).toBe(true);
      }
      for (const server of ["", "MQTT_", "TEMPORAL_", "TEMPORAL_UI_", "POSTGRES_", "SIMULATORS_", "SMTP_"]) {
        const port = Number(system.environment[`HOLDFAST_${server}PORT`]);
        expect([server, await answers("127.0.0.1", port)]).toEqual([server, false]);
      }
    },
    2 * MINUTE,
  );

  test(
    "started again, and reached from elsewhere, keeps no password that everybody knows, and its helpers to this machine",
    async () => {
      system.environment["HOLDFAST_HOST"] = "127.0.0.2";
      try {
        await system.start();
        const { staffPassword } = (await readLocalFile(system.folder)) ?? {};
        expect(staffPassword).toMatch(/^[\w-]{16}$/);
        expect(system.terminal).toContain(staffPassword);
        expect((await signIn("sandbox")).status).toBe(401);
        expect((await signIn(staffPassword)).status).toBe(201);
        const { url } = await system.access();
        expect(url).toContain("127.0.0.2");
        expect((await fetch(`${url}/readyz`)).status).toBe(200);
        expect((await fetch(`${url}/v1/account`, { headers: { cookie } })).status).toBe(401);
        for (const helper of ["TEMPORAL", "TEMPORAL_UI", "SIMULATORS", "SMTP", "POSTGRES"]) {
          const port = Number(system.environment[`HOLDFAST_${helper}_PORT`]);
          expect([helper, await answers("127.0.0.1", port)]).toEqual([helper, true]);
          expect([helper, await answers("127.0.0.2", port)]).toEqual([helper, false]);
        }
      } finally {
        delete system.environment["HOLDFAST_HOST"];
      }
    },
    3 * MINUTE,
  );
});

/** Whether something listens there. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

describe("a start that cannot succeed says in one line what to do", () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.prepare();
  });
  afterAll(async () => {
    await system.destroy();
  });

  test.each(["HOLDFAST_PORT", "HOLDFAST_POSTGRES_PORT", "HOLDFAST_MQTT_PORT"])(
    "%s in use: names the port and the setting that moves it, and starts nothing",
    async (variable) => {
      const port = Number(system.environment[variable]);
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
      const outcome = await system.run(["start"]);
      await new Promise((resolve) => taken.close(resolve));
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toContain(`Port ${port}`);
      expect(outcome.stderr).toContain(variable);
      expect(outcome.stderr).not.toContain("    at ");
      expect(system.children()).toEqual([]);
    },
  );

  test("a data folder that cannot be written to", async () => {
    const file = join(system.folder, "a-file");
    writeFileSync(file, "");
    const outcome = await runCommand(["start"], {
      cwd: system.folder,
      environment: { ...system.environment, HOLDFAST_DATA: join(file, "data") },
    });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain("HOLDFAST_DATA");
    expect(outcome.stderr).not.toContain("    at ");
  });

  test("a setting that makes no sense", async () => {
    const outcome = await runCommand(["start"], {
      cwd: system.folder,
      environment: { ...system.environment, HOLDFAST_ENGINE_THREADS: "one" },
    });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain("HOLDFAST_ENGINE_THREADS must be a whole number");
  });

  test(
    "no Temporal anywhere: names the places where it was looked for",
    async () => {
      const outcome = await runCommand(["start"], {
        cwd: system.folder,
        environment: {
          ...system.environment,
          HOLDFAST_CACHE: join(system.folder, "empty-cache"),
          // Neither Temporal nor pip nor Go can be found, and the download service cannot be reached.
          PATH: "/usr/bin:/bin:/usr/sbin:/sbin"
            .split(":")
            .filter((folder) => !hasPip(folder))
            .join(":"),
          DATABASE_URL: "postgres://nobody:nothing@127.0.0.1:1/none",
        },
      });
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toContain("TEMPORAL_ADDRESS");
      expect(outcome.stderr).not.toContain("    at ");
    },
    MINUTE,
  );

  test("an old Node", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-old-node-"));
    const pretend = join(folder, "pretend.cjs");
    writeFileSync(pretend, "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } });");
    const outcome = await runCommand(["start"], {
      cwd: folder,
      environment: { ...process.env, NODE_OPTIONS: `--require ${pretend}` },
    });
    rmSync(folder, { recursive: true });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr.trim()).toBe(
      "holdfast needs Node 20.19 or newer (22 and 24 work too); this is Node 18.20.4.",
    );
  });

  test("serve without settings lists every one that is missing", async () => {
    const outcome = await runCommand(["serve"], {
      cwd: system.folder,
      environment: { PATH: process.env["PATH"] },
    });
    expect(outcome.status).toBe(1);
    // Of vendors only those that are taken where none is named.
    const taken = vendorKinds.map(({ vendors, standard, ...kind }) => ({
      ...kind,
      standard,
      vendors: vendors.filter((vendor) => vendor.provider === standard),
    }));
    const missing = settingsVariables(taken).filter((one) => one.requiredToServe);
    expect(missing.length).toBeGreaterThan(5);
    for (const { name } of missing) expect(outcome.stderr).toContain(`${name} is not set`);
  });
});

describe("the command line", () => {
  const environment = { ...process.env, NO_COLOR: "1" };

  test.each([
    [["no-such-command"], "unknown command"],
    [["start", "--no-such-option"], "unknown option"],
    [["send", "x.json"], "--channel"],
    [["simulate-day", "--orders", "many"], "--orders must be a whole number"],
  ])("%j is refused with status 2 and a reason", async (args, reason) => {
    const outcome = await runCommand(args, { cwd: projectRoot, environment });
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toContain(reason);
    expect(outcome.stdout).toBe("");
  });

  // What each command says is `commands/rest-calls.test.ts`'s.
  test("a command explains itself with an example", async () => {
    const outcome = await runCommand(["start", "--help"], { cwd: projectRoot, environment });
    expect(outcome.status).toBe(0);
    expect(outcome.stdout).toMatch(/Examples?:/);
  });
});

function hasPip(folder: string): boolean {
  return ["pip", "pip3", "python3"].some((name) => existsSync(join(folder, name)));
}
