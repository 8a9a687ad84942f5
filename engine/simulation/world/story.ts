/**
 * What happened in one run, line by line, and the hash over all lines: two runs of one seed have the same
 * hash.
 *
 * Only kept where it is asked for: the runs of fifty thousand seeds tell no stories.
 */
import { createHash } from "node:crypto";
import type { VirtualTime } from "./virtual-time.ts";

export class Story {
  private readonly time: VirtualTime;
  readonly lines: string[] = [];

  constructor(time: VirtualTime) {
    this.time = time;
  }

  tell(what: string): void {
    this.lines.push(`${this.time.elapsedMs.toFixed(3).padStart(10)} ms  ${what}`);
  }

  hash(): string {
    const hash = createHash("sha256");
    for (const line of this.lines) hash.update(`${line}\n`);
    return hash.digest("hex");
  }
}
