/**
 * How Node is started for a server. V8 reads these flags before any code of ours runs, so each way to start
 * one names them: the first line of `bin/holdfast.js`, `npm start`, the image, the systemd units.
 *
 * What an order needs lives for some milliseconds, across many turns of the event loop. In a young generation
 * of 16 MiB, the default, much of it is still in use when the space is full, and is copied. A larger one is
 * full less often: what a whole order costs is in `npm run bench -- orders`. Each thread that allocates much
 * takes up to 192 MiB for it.
 */
export const NODE_FLAGS: readonly string[] = ["--max-semi-space-size=64"];
