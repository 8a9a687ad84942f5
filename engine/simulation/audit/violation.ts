/** A promise of the engine that a run saw broken. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** What was promised, in a word or two: the same for every way to break it. */
  readonly promise: string;

  constructor(promise: string, detail: string) {
    super(`${promise}: ${detail}`);
    this.promise = promise;
  }
}
