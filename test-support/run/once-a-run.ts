/**
 * Does a part of a run's set-up once, however many of vitest's projects ask for it.
 *
 * Every project loads its set-up anew, with modules of its own. So what one of them has done is remembered
 * where all of them can see it: in the process.
 */
const done: Map<string, unknown> = remembered();

export function onceARun<T>(name: string, work: () => T): T {
  if (!done.has(name)) done.set(name, work());
  return done.get(name) as T;
}

function remembered(): Map<string, unknown> {
  const shared = globalThis as { holdfastTestSetup?: Map<string, unknown> };
  shared.holdfastTestSetup ??= new Map();
  return shared.holdfastTestSetup;
}
