/** Clients of the stream under test, each driven by the lines of contract/conformance/README.md. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CODECS } from "../client/encoding.ts";
import { connect, type StreamClient, StreamError } from "../client/index.ts";
import { projectRoot } from "../config/project-root.ts";

// biome-ignore lint/suspicious/noExplicitAny: lines of JSON, as any client says them
export type Line = any;

export type ClientUnderTest = {
  readonly said: readonly Line[];
  /** `command` as in the README. */
  do(command: Line): void;
  /** The first line that `wanted` accepts, said already or still to come. */
  until(wanted: (line: Line) => boolean): Promise<Line>;
  end(): Promise<void>;
};

export type ClientKind = { readonly name: string; start(): ClientUnderTest };

/** `python3`, where there is one. */
export function pythonVersion(): string | null {
  try {
    return execFileSync("python3", ["--version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null;
  }
}

export const typescriptClient: ClientKind = { name: "TypeScript", start: startTypescript };
export const pythonClient: ClientKind = { name: "Python", start: startPython };

const PATIENCE_MS = 20_000;

class Lines {
  readonly said: Line[] = [];
  private watchers: (() => void)[] = [];

  say(line: Line): void {
    this.said.push(line);
    for (const watcher of this.watchers.splice(0)) watcher();
  }

  async until(wanted: (line: Line) => boolean): Promise<Line> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = this.said.find(wanted);
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`waited in vain; said ${JSON.stringify(this.said.slice(-5))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.watchers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }
}

function startTypescript(): ClientUnderTest {
  const lines = new Lines();
  let stream: StreamClient | null = null;
  const failed = (name: string) => (error: unknown) => {
    if (!(error instanceof StreamError)) throw error;
    lines.say({ failed: name, code: error.code, outcomeUnknown: error.outcomeUnknown });
  };
  const open = async ({ url, key, encoding, patienceMs }: Line) => {
    stream = await connect({ url, key, encoding, firstPatienceMs: patienceMs ?? 0, mostWaitMs: 400 });
    lines.say({ opened: true });
  };
  const follow = async ({ after, most }: Line) => {
    const feed = await stream?.orderEvents({ after, mostEntries: most ?? 5_000 });
    await feed?.each(({ entries, cursor }) => lines.say({ entries, cursor }));
  };
  return {
    said: lines.said,
    until: (wanted) => lines.until(wanted),
    do: (command) => {
      switch (command.do) {
        case "encodings":
          lines.say({ encodings: ["json", "msgpack"] });
          return;
        case "encode": {
          const codec = CODECS[command.encoding === "json" ? "json" : "msgpack"];
          const frame = codec.join(command.messages.map((message: object) => codec.encode(message)));
          lines.say({ encoded: Buffer.from(frame).toString("hex") });
          return;
        }
        case "decode": {
          const bytes = Buffer.from(command.frame, "hex");
          const isText = command.encoding === "json";
          lines.say({
            decoded: CODECS[isText ? "json" : "msgpack"].decode(isText ? bytes.toString() : bytes),
          });
          return;
        }
        case "open":
          open(command).catch(failed("open"));
          return;
        case "request":
          stream?.request(command.message).then((message) => {
            lines.say({ reply: command.name, message });
          }, failed(command.name));
          return;
        case "follow":
          follow(command).catch(failed("follow"));
          return;
        default:
          void stream?.close().then(() => lines.say({ closed: true }));
      }
    },
    end: async () => {
      await stream?.close();
    },
  };
}

function startPython(): ClientUnderTest {
  const lines = new Lines();
  const child: ChildProcess = spawn(
    "python3",
    ["-B", "-X", "utf8", join(projectRoot, "client", "python", "conformance_driver.py")],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  if (child.stdout === null || child.stdin === null) throw new Error("no pipes");
  createInterface({ input: child.stdout }).on("line", (line) => lines.say(JSON.parse(line)));
  const { stdin } = child;
  return {
    said: lines.said,
    until: (wanted) => lines.until(wanted),
    do: (command) => stdin.write(`${JSON.stringify(command)}\n`),
    end: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}
