/** `holdfast/client` as whoever installs it has it: built, by its name, with its declarations. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { freePort } from "../cli/embedded/free-port.ts";
import { projectRoot } from "../config/project-root.ts";
import { addProducts, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { pythonVersion } from "../test-support/stream-clients.ts";

const run = promisify(execFile);
const tsc = join(projectRoot, "node_modules", "typescript", "bin", "tsc");

let world: GatewayWorld;
let folder: string;

beforeAll(async () => {
  // The program itself is built before the run; this adds the declarations and writes no program.
  execFileSync(process.execPath, [tsc, "-p", "client"], { cwd: projectRoot, stdio: "inherit" });
  folder = mkdtempSync(join(tmpdir(), "holdfast-client-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(projectRoot, join(folder, "node_modules", "holdfast"));
  world = await startGatewayWorld();
  // The sandbox's, which the orders of docs/clients.md are of.
  await addProducts(world.database, "HAT-BRM-SAND");
  await world.engine.client.execute([
    {
      type: "receive",
      commandId: "hats",
      atMs: Date.now(),
      cause: "opening stock",
      sku: "HAT-BRM-SAND",
      locationId: "east",
      quantity: 10,
    },
  ]);
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The blocks of docs/clients.md in a language, in their order. */
function blocks(language: string): readonly string[] {
  const text = readFileSync(join(projectRoot, "docs", "clients.md"), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, code = ""]) => code);
}

test("the first order of docs/clients.md is accepted, and known when it is sent again", async () => {
  const [code = ""] = blocks("js");
  const file = join(folder, "first-order.mjs");
  writeFileSync(file, code);
  const env = { ...process.env, HOLDFAST_URL: world.url, HOLDFAST_KEY: await world.key(["orders:write"]) };
  expect((await run(process.execPath, [file], { env })).stdout).toBe("web-2001 accepted\n");
  expect((await run(process.execPath, [file], { env })).stdout).toBe("web-2001 duplicate\n");
});

const python = pythonVersion();
test.skipIf(python === null)(
  `the first order in Python is accepted, too${python === null ? " (skipped: install python3)" : ""}`,
  async () => {
    const file = join(folder, "first_order.py");
    writeFileSync(file, blocks("python")[0] ?? "");
    const env = {
      ...process.env,
      PYTHONPATH: join(projectRoot, "client", "python"),
      HOLDFAST_URL: world.url,
      HOLDFAST_KEY: await world.key(["orders:write"]),
    };
    expect((await run("python3", ["-B", file], { env })).stdout).toBe("web-2002 accepted\n");
    const source = readFileSync(join(projectRoot, "client", "python", "holdfast_stream.py"), "utf8");
    expect(source.split("\n").length).toBeLessThanOrEqual(300);
  },
);

test("the receiver of webhooks takes what is signed by one of two secrets, and nothing else", async () => {
  const file = join(folder, "receiver.mjs");
  writeFileSync(
    file,
    blocks("js").find((code) => code.includes("createServer")) ?? expect.fail("there is none"),
  );
  const secret = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;
  const port = String(await freePort());
  const receiver = execFile(process.execPath, [file], {
    env: { ...process.env, WEBHOOK_SECRET: secret, PORT: port },
  });
  onTestFinished(() => void receiver.kill());
  const body = JSON.stringify({ type: "shipment.delivered", data: { orderId: "web-1001" } });
  const post = async (signedBody: string, at = new Date(), former = "") =>
    fetch(`http://127.0.0.1:${port}`, {
      method: "POST",
      body,
      headers: {
        "webhook-id": "msg_1",
        "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
        "webhook-signature": `${former}${new Webhook(secret).sign("msg_1", at, signedBody)}`,
      },
    }).then(
      ({ status }) => status,
      () => null,
    );
  await expect.poll(() => post(body), { timeout: 20_000 }).toBe(204);
  expect(await post(body, new Date(), `v1,${"A".repeat(43)}= `)).toBe(204);
  expect(await post(`${body} `)).toBe(401);
  expect(await post(body, new Date(Date.now() - 600_000))).toBe(401);
});

test("its declarations say what a reply is, and refuse what is no message", async () => {
  const write = (name: string, code: string) => writeFileSync(join(folder, name), code);
  write("package.json", JSON.stringify({ type: "module" }));
  write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        module: "nodenext",
        target: "es2023",
        strict: true,
        noEmit: true,
        types: [],
        skipLibCheck: true,
      },
      files: ["use.ts"],
    }),
  );
  const use = (message: string) => `import { connect } from "holdfast/client";
    const stream = await connect({ url: "http://127.0.0.1" });
    const { results } = await stream.request(${message});
    const outcome: "accepted" | "held" | "duplicate" | "ignored" | "refused" | undefined = results[0]?.outcome;
    for await (const { entries } of await stream.orderEvents({ after: null })) entries[0]?.orderId.length;
    export { outcome };`;
  const check = () =>
    run(process.execPath, [tsc, "-p", folder]).catch((error: { stdout: string }) => ({
      stdout: error.stdout,
    }));
  write("use.ts", use(`{ type: "order.capture", channel: "web", payload: "{}" }`));
  expect((await check()).stdout).toBe("");
  write("use.ts", use(`{ type: "order.capture", channel: 7, payload: "{}" }`));
  expect((await check()).stdout).toContain("is not assignable to type 'string'");
});

test("what browsers load of it has nothing of Node in it", async () => {
  const { build } = await import("vite");
  const entry = join(folder, "entry.js");
  writeFileSync(entry, `export { connect } from "holdfast/client";`);
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: true, lib: { entry, formats: ["es"], fileName: "client" } },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  if (bundle === undefined || !("output" in bundle)) throw new Error("nothing was built");
  const [{ code }] = bundle.output;
  expect(code).not.toMatch(/node:|from\s*"ws"|require\(/);
  expect(code.length).toBeLessThan(80_000);
});
