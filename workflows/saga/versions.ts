/**
 * Which ways of today's code a run of a saga goes.
 *
 * A run that a former version has begun turns to a new way where it is, and Temporal notes that in its history
 * (`patched`): a marker and a search attribute for each way. A run whose start says which version began it
 * goes all ways of that version without a note.
 *
 * V1 A way keeps its number for ever. A new one gets the next number, and the version goes up to it.
 */
import { patched } from "@temporalio/workflow";

export class Versions<Way extends string> {
  private readonly since: Readonly<Record<Way, number>>;
  private readonly version: number;

  /**
   * @param since the version from which on a run goes the way from its beginning
   * @param version that began the run; absent: one that wrote none
   */
  constructor(since: Readonly<Record<Way, number>>, version = 0) {
    this.since = since;
    this.version = version;
  }

  goes(way: Way): boolean {
    return this.since[way] <= this.version || patched(way);
  }
}
