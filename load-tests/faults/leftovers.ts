/**
 * What must not outlive the harness: processes, mounts and folders, each with the way to end it. The code
 * that ends one takes it off the list. A harness that is asked to stop ends the rest, the newest first.
 */
const open = new Set<() => Promise<void>>();

/** @returns takes it off the list again */
export function mustNotOutlive(end: () => Promise<void>): () => void {
  open.add(end);
  return () => open.delete(end);
}

export async function endLeftovers(): Promise<void> {
  for (const end of [...open].reverse()) {
    open.delete(end);
    await end().catch((error: unknown) => process.stderr.write(`could not clean up: ${String(error)}\n`));
  }
}
