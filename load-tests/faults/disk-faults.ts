/**
 * A slow or failing disk under PostgreSQL, by strace's fault injection into the system call that makes a
 * commit durable.
 *
 * Only processes of the harness's own PostgreSQL are traced, and only while a fault lasts.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** PostgreSQL's own choice on Linux is fdatasync; fsync is what a checkpoint does. */
const SYNC_CALLS = "fdatasync,fsync";

const ATTACH_TIMEOUT_MS = 30_000;

type DiskFault = {
  /** Ends the fault; resolves once no process is traced any more. */
  end(): Promise<void>;
};

export async function canInjectDiskFaults(): Promise<boolean> {
  if (process.platform !== "linux") return false;
  return run("strace", ["-V"]).then(
    () => true,
    () => false,
  );
}

/** Every sync of the server, whichever process asks for it, takes this much longer. */
export async function slowSyncs(postmaster: number, delayMs: number): Promise<DiskFault> {
  const pids = [postmaster, ...(await childrenOf(postmaster))];
  return trace(pids, ["-f", "-e", `inject=${SYNC_CALLS}:delay_enter=${delayMs * 1000}`]);
}

/** The next sync of this one process fails with EIO. */
export async function failNextSync(pid: number): Promise<DiskFault> {
  return trace([pid], ["-e", `inject=${SYNC_CALLS}:error=EIO:when=1`]);
}

async function childrenOf(parent: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    if (Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent) found.push(Number(name));
  }
  return found;
}

async function trace(pids: readonly number[], options: readonly string[]): Promise<DiskFault> {
  const args = ["-e", `trace=${SYNC_CALLS}`, ...options, ...pids.flatMap((pid) => ["-p", String(pid)])];
  const child = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  await attached(child, pids.length);
  return {
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await gone;
    },
  };
}

function attached(child: ChildProcess, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const patience = setTimeout(() => {
      child.kill("SIGINT");
      reject(new Error(`strace did not attach in ${ATTACH_TIMEOUT_MS} ms: ${text.slice(0, 500)}`));
    }, ATTACH_TIMEOUT_MS);
    child.once("error", reject);
    child.once("exit", () => {
      clearTimeout(patience);
      reject(new Error(`strace ended: ${text.slice(0, 500)}`));
    });
    child.stderr?.on("data", (bytes: Buffer) => {
      // The traced calls come here too. Only the beginning is of use.
      if (text.length < 100_000) text += bytes.toString();
      if ((text.match(/attached/g)?.length ?? 0) < count) return;
      clearTimeout(patience);
      resolve();
    });
  });
}
