import { setFlagsFromString } from "node:v8";

/** V8 chooses between a third and three times more by itself. */
const GROWTH_PERCENT = 200;

/**
 * Lets the heap of each thread grow to three times its live objects before it is marked and swept.
 *
 * V8 chooses that factor by how fast a program makes objects. Frames, messages and journal rows lie outside
 *    of its heap: they count against the limit, but not in that speed. So V8 chose small factors and marked
 *    the engine's heap several times a second under load. That took processor time of all threads, and
 *    stopped the engine's thread each time (`--trace-gc` shows it).
 */
export function widenHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
