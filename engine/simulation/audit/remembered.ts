/**
 * How long the engine promises to know a repeated id. Stated here again, so that a bug in the engine's own
 * number cannot hide.
 */
export const REMEMBERED_MS = 24 * 3_600_000;
