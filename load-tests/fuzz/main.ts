/**
 * `npm run fuzz:api`: Schemathesis over the whole OpenAPI document of a system that runs. It makes requests
 * of the document, right and wrong ones, and holds each answer against it.
 *
 * Schemathesis is a program of its own, in Python; nothing of it is installed here.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { RealSystem } from "../faults/devices/real-system.ts";
import { endLeftovers } from "../faults/leftovers.ts";
import { machine } from "../faults/machine.ts";

const HELP = `Usage: npm run fuzz:api [-- options]

Starts a whole system of its own and has Schemathesis make requests to every operation of its OpenAPI document, with a key
that may do everything: examples, the edges of each schema, and values by chance. Each answer must have a status, a media
type and a body that the document has for it; wrong requests must be refused, and nothing may be answered 5xx.

  --program <path>   Schemathesis (schemathesis; "pip install schemathesis" in a virtual environment of Python 3.10 or newer)
  --examples <n>     values by chance for each operation (30)
  --seed <n>         the same seed makes the same requests (1)
  --phases <names>   examples, coverage, fuzzing, stateful (examples,coverage,fuzzing)
  --seconds <n>      no longer than about that (by itself some minutes)
  --url <url> --key <key>  a system that runs already, in place of one of its own; it is full of nonsense afterwards
  --out <file>       writes the report there as JSON
  --help             this text

Exit status 0: nothing was found. 1: something was. 2: Schemathesis is not there.
`;

/** What is held against each answer. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "missing_required_header",
  "unsupported_method",
  "ignored_auth",
];

/** They end what is used to ask, or are there no more once a system is set up. */
const NOT_ASKED = ["DELETE /v1/sessions", "DELETE /v1/sessions/current", "POST /v1/setup"];

/** A wrong request may be too large as well, or its address. */
const REJECTIONS = [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 421, 422, 428, 429, 431];

type Report = {
  readonly schemathesis: string;
  readonly seed: number;
  readonly phases: string;
  readonly checks: readonly string[];
  readonly operations: number;
  readonly cases: number;
  readonly failures: readonly {
    readonly operation: string;
    readonly check: string;
    readonly title: string;
  }[];
  readonly milliseconds: number;
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      program: { type: "string", default: "schemathesis" },
      examples: { type: "string", default: "30" },
      seed: { type: "string", default: "1" },
      phases: { type: "string", default: "examples,coverage,fuzzing" },
      seconds: { type: "string" },
      url: { type: "string" },
      key: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const version = spawnSync(values.program, ["--version"], { encoding: "utf8" });
  if (version.status !== 0) {
    process.stderr.write(
      `Schemathesis is not there (${values.program}). It needs Python 3.10 or newer:\n\n` +
        "  python3 -m venv ~/.venvs/schemathesis && ~/.venvs/schemathesis/bin/pip install schemathesis\n" +
        "  npm run fuzz:api -- --program ~/.venvs/schemathesis/bin/schemathesis\n",
    );
    return 2;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void endLeftovers().then(() => process.exit(130)));
  const system = values.url === undefined ? await RealSystem.start({}) : null;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-fuzz-"));
  writeFileSync(
    join(folder, "schemathesis.toml"),
    `[checks]\nnegative_data_rejection.expected-statuses = [${REJECTIONS.join(", ")}]\n`,
  );
  try {
    const access = await system?.access();
    const url = values.url ?? access?.url ?? "";
    const began = Date.now();
    const events = join(folder, "events.ndjson");
    const run = spawnSync(
      values.program,
      [
        "run",
        `${url}/openapi.json`,
        ...["--header", `Authorization: Bearer ${values.key ?? access?.key ?? ""}`],
        ...["--checks", CHECKS.join(",")],
        ...["--phases", values.phases],
        ...["--max-examples", values.examples],
        ...["--seed", values.seed],
        ...["--request-timeout", "30"],
        ...["--warnings", "off"],
        ...(values.seconds === undefined ? [] : ["--max-time", values.seconds]),
        ...NOT_ASKED.flatMap((name) => ["--exclude-name", name]),
        "--continue-on-failure",
        "--no-shrink",
        "--no-color",
        ...["--report", "ndjson", "--report-ndjson-path", events],
      ],
      { cwd: folder, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, NO_COLOR: "1" } },
    );
    const report: Report = {
      schemathesis: version.stdout.trim(),
      seed: Number(values.seed),
      phases: values.phases,
      checks: CHECKS,
      ...readEvents(readFileSync(events, "utf8")),
      milliseconds: Date.now() - began,
    };
    if (values.out !== undefined) {
      mkdirSync(dirname(values.out), { recursive: true });
      writeFileSync(values.out, `${JSON.stringify({ ...report, machine: machine() }, null, 2)}\n`);
    }
    process.stdout.write(
      `${report.cases} requests to ${report.operations} operations, ${report.failures.length} findings\n`,
    );
    return run.status === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await system?.destroy();
  }
}

/** @param text one event of the run a line */
function readEvents(text: string): Pick<Report, "operations" | "cases" | "failures"> {
  const operations = new Set<string>();
  const failures = new Map<string, Report["failures"][number]>();
  let cases = 0;
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const { ScenarioFinished: finished } = JSON.parse(line) as { readonly ScenarioFinished?: Finished };
    if (finished === undefined) continue;
    const label = finished.label ?? finished.recorder.label;
    operations.add(label);
    cases += Object.keys(finished.recorder.cases ?? {}).length;
    for (const check of Object.values(finished.recorder.checks ?? {}).flat()) {
      if (check.status !== "failure") continue;
      const title = check.failure?.title ?? check.failure_info?.failure.title ?? "";
      failures.set(`${label} ${check.name} ${title}`, { operation: label, check: check.name, title });
    }
  }
  return { operations: operations.size, cases, failures: [...failures.values()] };
}

type Finished = {
  readonly label?: string;
  readonly recorder: {
    readonly label: string;
    /** Absent where an operation was passed over. */
    readonly cases?: Readonly<Record<string, unknown>>;
    readonly checks?: Readonly<
      Record<
        string,
        readonly {
          readonly name: string;
          readonly status: string;
          readonly failure?: { readonly title?: string };
          readonly failure_info?: { readonly failure: { readonly title?: string } };
        }[]
      >
    >;
  };
};

main().then(
  (status) => process.exit(status),
  async (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    await endLeftovers();
    process.exit(1);
  },
);
