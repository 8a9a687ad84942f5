/**
 * Waits for the wish to stop: Ctrl-C, a service manager's SIGTERM, a closed terminal, or a parent that has
 * gone.
 */

export type EndReason =
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "parent_gone" }
  | { readonly kind: "broken"; readonly text: string };

type Ending = { readonly reason: Promise<EndReason> };

/** A second Ctrl-C does not wait for the orderly stop any longer. */
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
    // Only where somebody started us with a channel to hear of us (simulate-day, load, tests).
    if (process.connected) process.once("disconnect", () => resolve({ kind: "parent_gone" }));
  });
  return { reason };
}
