/**
 * From nothing: what `holdfast serve` does on a database that is nobody's yet, and `holdfast setup` by
 * options. Real processes on a real PostgreSQL, Temporal and broker.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { newSecretKeyLine } from "../config/secret-box.ts";
import { type Broker, startBroker } from "../devices/mqtt/broker.ts";
import { createStaff, verifyStaffPassword } from "../store/access/staff.ts";
import { openDatabase } from "../store/sql/database.ts";
import { runAsAdmin, withDatabase } from "../test-support/servers/postgres-admin.ts";
import { createTestNamespace, type TestTemporal } from "../test-support/servers/temporal.ts";
import { jsonLines, provideDashboard, runCommand } from "../test-support/system.ts";
import { freePort } from "./embedded/free-port.ts";

const MINUTE = 60_000;
const PASSWORD = "seven quiet lamps";

let folder: string;
let passwordFile: string;
let broker: Broker;
/** Where each database has its sagas and its devices: no two companies share them. */
const homes = new Map<string, TestTemporal & { readonly prefix: string }>();

beforeAll(async () => {
  provideDashboard();
  folder = mkdtempSync(join(tmpdir(), "holdfast-setup-"));
  passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  broker = await startBroker({ host: "127.0.0.1", port: 0, logger: pino({ level: "silent" }) });
});

afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

let databases = 0;
async function newDatabase(like = ""): Promise<string> {
  databases += 1;
  const name = `setup_${process.pid}_${databases}_${Date.now()}`;
  await runAsAdmin(inject("postgresUrl"), `create database ${name} ${like}`);
  return withDatabase(inject("postgresUrl"), name);
}

/** A database with nothing in it at all. */
const emptyDatabase = () => newDatabase();

/** One whose tables are there, as a first call would leave them: quicker, where that is not the point. */
const migratedDatabase = () => newDatabase("template holdfast_template");

async function rowsOf(url: string, query: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(query)).rows;
  } finally {
    await client.end();
  }
}

const COMPANY = ["--company", "Müller & Söhne", "--time-zone", "Europe/Zurich", "--currency", "CHF"];
const ADMINISTRATOR = () => ["--admin-email", "Ada@Mueller.example", "--admin-password-file", passwordFile];
const LOCATION = ["--location", "Hall 1", "--address", "Dock 1", "--city", "Zürich", "--country", "CH"];

const setup = (url: string, ...options: readonly string[]) =>
  runCommand(["setup", ...options], {
    cwd: folder,
    environment: { ...process.env, NO_COLOR: "1", DATABASE_URL: url },
  });

const whole = (url: string, ...more: readonly string[]) =>
  setup(url, ...COMPANY, ...ADMINISTRATOR(), ...LOCATION, ...more, "--json");

const MADE = `select (select count(*)::int from company) as companies, (select count(*)::int from staff) as people,
                     (select count(*)::int from location) as locations, (select count(*)::int from api_key) as keys`;

describe("holdfast setup", () => {
  test(
    "makes company, administrator and location once, and says the second time what there is",
    async () => {
      const url = await emptyDatabase();
      const first = await whole(url);
      expect(first.status, first.stderr).toBe(0);
      expect(jsonLines(first)).toEqual([
        {
          status: "done",
          company: "muller-sohne",
          administrator: "ada@mueller.example",
          location: "hall-1",
          key: { secret: expect.stringMatching(/^hf_/), expiresAt: expect.any(String) },
        },
      ]);
      const again = await whole(url);
      expect(again.status, again.stderr).toBe(0);
      expect(jsonLines(again)).toEqual([{ status: "there", company: "Müller & Söhne" }]);
      expect(await rowsOf(url, MADE)).toEqual([{ companies: 1, people: 1, locations: 1, keys: 1 }]);
      expect(
        await rowsOf(
          url,
          "select c.time_zone, c.currency, l.latitude, l.address->>'city' as city, s.role from company c, location l, staff s",
        ),
      ).toEqual([
        {
          time_zone: "Europe/Zurich",
          currency: "CHF",
          latitude: expect.closeTo(46.8, 0),
          city: "Zürich",
          role: "admin",
        },
      ]);
      const database = openDatabase(url);
      expect(await verifyStaffPassword(database, "ada@mueller.example", PASSWORD)).toMatchObject({
        role: "admin",
      });
      await database.end();
    },
    MINUTE,
  );

  test(
    "run twice at once, makes one of everything",
    async () => {
      const url = await emptyDatabase();
      const both = await Promise.all([whole(url), whole(url)]);
      for (const { status, stderr } of both) expect(status, stderr).toBe(0);
      expect(both.map((one) => jsonLines<{ status: string }>(one)[0]?.status).sort()).toEqual([
        "done",
        "there",
      ]);
      expect(await rowsOf(url, MADE)).toEqual([{ companies: 1, people: 1, locations: 1, keys: 1 }]);
    },
    MINUTE,
  );

  test(
    "refuses what cannot be by name, and makes nothing of it",
    async () => {
      const url = await migratedDatabase();
      const outcomes = [
        [await setup(url, "--json"), 2, "--company, --time-zone, --currency, --location"],
        [await whole(url, "--time-zone", "Mars/Olympus"), 1, 'Mars/Olympus" is no time zone'],
        [await whole(url, "--currency", "dollars"), 2, "/company/currency"],
        [await whole(url, "--admin-password-file", "/no/such/file"), 2, "/no/such/file"],
      ] as const;
      for (const [{ status, stdout, stderr }, wanted, reason] of outcomes) {
        expect([status, stdout], stderr).toEqual([wanted, ""]);
        expect(stderr).toContain(reason);
        expect(stderr).not.toContain("    at ");
      }
      writeFileSync(join(folder, "weak"), "password1234");
      const weak = await whole(url, "--admin-password-file", join(folder, "weak"));
      expect([weak.status, weak.stderr]).toEqual([1, expect.stringContaining("everybody tries first")]);
      expect(await rowsOf(url, MADE)).toEqual([{ companies: 0, people: 0, locations: 0, keys: 0 }]);
    },
    2 * MINUTE,
  );

  test("names a database that is not there, in one line", async () => {
    const outcome = await whole("postgres://nobody:wrong@127.0.0.1:9/none");
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringContaining("ECONNREFUSED")]);
    expect(outcome.stderr).not.toContain("nobody:wrong");
    const none = await runCommand(["setup"], { cwd: folder, environment: { PATH: process.env["PATH"] } });
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining("DATABASE_URL is not set")]);
  });

  test(
    "makes an administrator where the company has none any more, and nothing else",
    async () => {
      const url = await migratedDatabase();
      await whole(url);
      await rowsOf(url, "update staff set disabled_at = now()");
      const outcome = await setup(
        url,
        "--admin-email",
        "grace@mueller.example",
        "--admin-password-file",
        passwordFile,
        "--json",
      );
      expect(outcome.status, outcome.stderr).toBe(0);
      expect(jsonLines(outcome)).toMatchObject([
        { status: "done", company: "muller-sohne", administrator: "grace@mueller.example", location: null },
      ]);
      expect(await rowsOf(url, MADE)).toMatchObject([{ companies: 1, people: 2, locations: 1 }]);
    },
    MINUTE,
  );
});

/** The program of util-linux that gives a command a terminal. */
const script = ["/usr/bin/script", "/bin/script"].find(existsSync);

describe.skipIf(script === undefined)("holdfast setup on a terminal (skipped without `script`)", () => {
  test(
    "asks for what is not given, again where the answer cannot be, and shows no password",
    async () => {
      const url = await migratedDatabase();
      // A terminal of no width would break each line after each letter.
      const command = `stty cols 120 rows 40; ${process.execPath} ${join(projectRoot, "bin", "holdfast.js")} setup --currency CHF`;
      const child = spawn(script ?? "", ["-qefc", command, "/dev/null"], {
        cwd: folder,
        env: { ...process.env, DATABASE_URL: url, TERM: "xterm" },
        stdio: ["pipe", "pipe", "pipe"],
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += stripVTControlCharacters(chunk.toString("utf8"));
      });
      const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
      const clear = "\u0015";
      for (const [question, answer] of [
        [/company called\?/, "Acme"],
        [/do its days begin\?/, `${clear}Mars/Olympus`],
        [/is no time zone/, `${clear}Europe/Zurich`],
        [/Who signs in first\?/, "ada@acme.example"],
        [/What are they called\?/, `${clear}Ada Lovelace`],
        [/A password for them\?/, "ada@acme.example"],
        [/little more than the name[\s\S]*A password for them\?/, PASSWORD],
        [/The same again\?/, PASSWORD],
        [/first location called/, "Hall 1"],
        [/street and number\?/, "Dock 1"],
        [/Its town\?/, "Zürich"],
        [/province or region\?/, ""],
        [/postal code\?/, ""],
        [/Its country\?/, "ch"],
      ] as const) {
        await expect.poll(() => output, { timeout: 30_000, interval: 20 }).toMatch(question);
        output = "";
        child.stdin.write(`${answer}\r`);
      }
      await expect.poll(() => output, { timeout: 30_000 }).toContain("shown this once");
      child.stdin.end();
      expect(await ended).toBe(0);
      expect(output).toMatch(/hf_[0-9a-f]{12}_/);
      expect(output).not.toContain(PASSWORD);
      expect(
        await rowsOf(url, "select c.name, c.currency, c.time_zone, s.name as person from company c, staff s"),
      ).toEqual([{ name: "Acme", currency: "CHF", time_zone: "Europe/Zurich", person: "Ada Lovelace" }]);
    },
    2 * MINUTE,
  );
});

/** `holdfast serve` in a process of its own. */
class Serving {
  readonly port: number;
  private readonly child: ChildProcess;
  private output = "";

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.child = child;
    const collect = (chunk: Buffer): void => {
      this.output += chunk.toString("utf8");
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
  }

  static async start(databaseUrl: string): Promise<Serving> {
    const port = await freePort();
    const home = homes.get(databaseUrl) ?? { ...(await createTestNamespace()), prefix: `c${homes.size}` };
    homes.set(databaseUrl, home);
    const child = spawn(process.execPath, [join(projectRoot, "bin", "holdfast.js"), "serve"], {
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: home.address,
        TEMPORAL_NAMESPACE: home.namespace,
        HOLDFAST_MQTT_PREFIX: home.prefix,
        MQTT_URL: `mqtt://127.0.0.1:${broker.port}`,
        HOLDFAST_PORT: String(port),
        HOLDFAST_PUBLIC_URL: `http://127.0.0.1:${port}`,
        HOLDFAST_SHARDS: "2",
        HOLDFAST_SECRETS_KEY: newSecretKeyLine("tests"),
        STRIPE_SECRET_KEY: "sk_test_Qm9v7Tn2LxKd5sWc",
        EASYPOST_API_KEY: "EZTKq8Rj3Vd6Yp1Zs5",
        EASYPOST_WEBHOOK_SECRET: "u7Yc2Nf9Lk4Wd8Qe3Rt6",
        SMTP_URL: "smtp://127.0.0.1:9",
        HOLDFAST_MAIL_FROM: "orders@mueller.example",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new Serving(port, child);
  }

  get said(): string {
    return this.output;
  }

  async call(method: string, path: string, json?: unknown) {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      ...(json === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(json) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: text.startsWith("{") ? JSON.parse(text) : null };
  }

  /** The token that the log shows; waits for it. */
  async token(): Promise<string> {
    const found = () => /"token":"([\w-]{32})"/.exec(this.output)?.[1];
    await expect.poll(found, { timeout: 30_000 }).toBeDefined();
    return found() ?? "";
  }

  async untilReady(): Promise<void> {
    const ready = () =>
      this.call("GET", "/readyz").then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(ready, { timeout: 45_000, interval: 200 }).toBe(200);
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return new Promise((resolve) => this.child.once("exit", (status) => resolve(status)));
  }

  async stop(): Promise<number | null> {
    this.child.kill("SIGTERM");
    return this.ended();
  }
}

const setupBody = (token: string) => ({
  token,
  company: { name: "Acme", timeZone: "America/New_York", currency: "USD" },
  administrator: { name: "Ada", email: "ada@acme.example", password: PASSWORD },
  location: { name: "East", line1: "1 Dock Road", city: "Newark", region: "NJ", country: "US" },
});

describe("holdfast serve on an empty database", () => {
  test(
    "serves nothing but its set-up, lets nobody set up without its token, and then goes on to work",
    async () => {
      const url = await emptyDatabase();
      const serving = await Serving.start(url);
      try {
        const token = await serving.token();
        expect(serving.said).toContain("holdfast setup");
        expect((await serving.call("GET", "/healthz")).status).toBe(200);
        expect((await serving.call("GET", "/readyz")).status).toBe(503);
        expect((await serving.call("GET", "/setup")).text).toContain("<title>");
        for (const [method, path] of [
          ["GET", "/v1/sessions/current"],
          ["POST", "/v1/sessions"],
          ["POST", "/v1/orders?channel=web"],
          ["GET", "/v1/setup"],
        ] as const) {
          const { status, json } = await serving.call(method, path, method === "POST" ? {} : undefined);
          expect([path, status, json.code]).toEqual([path, 503, "setup_needed"]);
        }
        const refused = async (body: unknown) => {
          const { status, json } = await serving.call("POST", "/v1/setup", body);
          return [status, json.code];
        };
        expect(await refused(setupBody("a-wrong-token"))).toEqual([401, "setup_token_wrong"]);
        expect(await refused({ ...setupBody(token), more: 1 })).toEqual([400, "invalid_request"]);
        const weak = { ...setupBody(token).administrator, password: "short" };
        expect(await refused({ ...setupBody(token), administrator: weak })).toEqual([
          422,
          "password_refused",
        ]);
        expect(await rowsOf(url, MADE)).toEqual([{ companies: 0, people: 0, locations: 0, keys: 0 }]);

        // Sent twice at once: one sets up, and the other is told so, or finds the gateway on its way.
        const both = await Promise.allSettled(
          [1, 2].map(() => serving.call("POST", "/v1/setup", setupBody(token))),
        );
        const statuses = both.flatMap((one) => (one.status === "fulfilled" ? [one.value.status] : []));
        expect(statuses.filter((status) => status === 201)).toHaveLength(1);
        expect(await rowsOf(url, MADE)).toEqual([{ companies: 1, people: 1, locations: 1, keys: 0 }]);

        await serving.untilReady();
        const login = { email: "ada@acme.example", password: PASSWORD };
        expect((await serving.call("POST", "/v1/sessions", login)).json).toMatchObject({ role: "admin" });
        // What set up is no way in any more.
        expect((await serving.call("POST", "/v1/setup", setupBody(token))).status).toBe(404);
        expect(await serving.stop()).toBe(0);
      } finally {
        await serving.stop();
      }
    },
    2 * MINUTE,
  );

  test(
    "goes on by itself once somebody else has run holdfast setup, whose key makes lasting ones",
    async () => {
      const url = await migratedDatabase();
      const serving = await Serving.start(url);
      try {
        await serving.token();
        const [made] = jsonLines<{ key: { secret: string } }>(await whole(url));
        await serving.untilReady();
        const command = (...args: readonly string[]) =>
          runCommand(args, {
            cwd: folder,
            environment: {
              ...process.env,
              NO_COLOR: "1",
              HOLDFAST_URL: `http://127.0.0.1:${serving.port}`,
              HOLDFAST_KEY: made?.key.secret ?? "",
            },
          });
        const company = await command("company", "update", "--name", "Müller AG", "--json");
        expect(company.status, company.stderr).toBe(0);
        expect(jsonLines(company)).toMatchObject([{ name: "Müller AG", timeZone: "Europe/Zurich" }]);

        const added = await command(
          ...["staff", "create", "wanda@mueller.example", "--name", "Wanda", "--role", "warehouse", "--json"],
        );
        expect(added.status, added.stderr).toBe(0);
        const [{ person, link, mailed } = { person: { id: "" }, link: "", mailed: true }] = jsonLines<{
          person: { id: string };
          link: string;
          mailed: boolean;
        }>(added);
        // No mail server is there: the link is shown all the same.
        expect([link.includes("/password#"), mailed]).toEqual([true, false]);
        const changed = await command("staff", "update", person.id, "--role", "operations", "--json");
        expect(jsonLines(changed)).toMatchObject([{ role: "operations", state: "invited" }]);
        expect((await command("staff", "list")).stdout).toContain("wanda@mueller.example");
        const [off] = jsonLines<{ state: string }>(
          await command("staff", "disable", "Wanda@mueller.example", "--json"),
        );
        expect(off?.state).toBe("disabled");

        const key = await command(
          ...[
            "key",
            "create",
            "web shop",
            "--scope",
            "orders:read",
            "stock:read",
            "--expires",
            "30d",
            "--json",
          ],
        );
        expect(key.status, key.stderr).toBe(0);
        const [{ key: shown, secret } = { key: { id: "" }, secret: "" }] = jsonLines<{
          key: { id: string };
          secret: string;
        }>(key);
        expect(secret).toMatch(/^hf_/);
        const rotated = await command("key", "rotate", shown.id, "--overlap", "7d");
        expect(rotated.stdout).toMatch(/old secret +until/);
        expect((await command("key", "disable", shown.id)).stdout).toContain("disabled");
        const wrong = await command("key", "create", "x", "--scope", "orders:read", "--expires", "soon");
        expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("--expires")]);
      } finally {
        await serving.stop();
      }
    },
    2 * MINUTE,
  );

  test(
    "stops in order while it waits",
    async () => {
      const serving = await Serving.start(await migratedDatabase());
      await serving.token();
      expect(await serving.stop()).toBe(0);
      expect(serving.said).toContain("stopped before anything was set up");
    },
    MINUTE,
  );
});

describe("holdfast serve refuses a database", () => {
  test(
    "in which an enabled account has the sandbox's password, by name",
    async () => {
      const url = await migratedDatabase();
      await whole(url);
      const database = openDatabase(url);
      for (const [id, password] of [
        ["otto", "sandbox"],
        ["selma", "another one"],
      ] as const)
        await createStaff(database, {
          id,
          companyId: "muller-sohne",
          email: `${id}@mueller.example`,
          name: id,
          role: "operations",
          password,
        });
      const refused = await Serving.start(url);
      expect(await refused.ended()).toBe(1);
      expect(refused.said).toContain("otto@mueller.example");
      expect(refused.said).not.toContain("selma@mueller.example");
      expect(refused.said).not.toContain('"ready"');
      // What was another one is not compared again.
      expect(await rowsOf(url, "select id from staff where not password_compared")).toEqual([{ id: "otto" }]);
      await database.query("update staff set disabled_at = now() where id = 'otto'");
      await database.end();
      const taken = await Serving.start(url);
      await taken.untilReady();
      expect(await taken.stop()).toBe(0);
    },
    2 * MINUTE,
  );

  test(
    "whose company nobody rules any more, and says what to do",
    async () => {
      const url = await migratedDatabase();
      await whole(url);
      await rowsOf(url, "update staff set disabled_at = now()");
      const refused = await Serving.start(url);
      expect(await refused.ended()).toBe(1);
      expect(refused.said).toContain("no administrator who can sign in");
      expect(refused.said).toContain("holdfast setup");
    },
    MINUTE,
  );
});
