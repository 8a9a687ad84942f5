/**
 * Waits for the request to stop: Ctrl-C, a service manager's SIGTERM, a closed terminal, or a parent that is
 * gone.
 */

export type EndReason =
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "parent_gone" }
  | { readonly kind: "broken"; readonly text: string };

type Ending = { readonly reason: Promise<EndReason> };

/** A second Ctrl-C ends the wait for the orderly stop. */
export function untilEnd(): Ending {
  let asked = false;
  const reason = new Promise<EndReason>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (asked && signal === "SIGINT") process.exit(130);
        asked = true;
        resolve({ kind: "signal", signal });
      });
    }
    // Only where the parent opened a channel to us (simulate-day, load, tests).
    if (process.connected) process.once("disconnect", () => resolve({ kind: "parent_gone" }));
  });
  return { reason };
}
