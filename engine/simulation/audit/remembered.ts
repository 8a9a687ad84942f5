/**
 * How long a repeated id is promised to be known. Stated here anew: a bug in the engine's own must not hide
 * itself.
 */
export const REMEMBERED_MS = 24 * 3_600_000;
