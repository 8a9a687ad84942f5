/** Ports: whether one is free on this machine, and a free one where the number does not matter. */
import { createServer } from "node:net";
import { errorCode, UserProblem } from "../problem.ts";

/** Fails with a message that names the port, its purpose and the variable that changes it. */
export async function requireFreePort(
  host: string,
  port: number,
  purpose: string,
  variable: string,
): Promise<void> {
  const code = await listenOnce(host, port);
  if (code === undefined) return;
  if (code === "EADDRINUSE") {
    throw new UserProblem(
      "port_in_use",
      `Port ${port} (${purpose}) is in use by another program.`,
      `Stop that program, or move Holdfast's: ${variable}=${port + 1} npm start`,
    );
  }
  throw new UserProblem(
    "port_unavailable",
    `Port ${port} (${purpose}) cannot be opened on ${host} (${code}).`,
    `Choose another with ${variable}, or another address with HOLDFAST_HOST.`,
  );
}

/** A port that is free now. */
export function freePort(host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve(errorCode(error) ?? "unknown error"));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}
