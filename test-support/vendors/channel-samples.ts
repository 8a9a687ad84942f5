/**
 * Sample payloads of channels. Our own, in the vendors' shapes, are in the vendors' folders and always there.
 * Those that the channels publish belong to them and are not copied: where they are beside the project
 * (`../shared/data/channels`), more tests run; otherwise these tests are skipped and say so.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";

const folder = join(projectRoot, "..", "shared", "data", "channels");

export const hasChannelSamples = existsSync(folder);
/** Appended to the titles of tests that need the samples. */
export const samplesNote = hasChannelSamples ? "" : ` (skipped: no samples in ${folder})`;

export type ChannelSample = { readonly kind: string; readonly name: string; readonly text: string };

/** Our own samples of a channel, by the name of their file. */
export function ownSamples(kind: string): readonly ChannelSample[] {
  const own = join(projectRoot, "integrations", "channels", kind, "samples");
  return readdirSync(own)
    .sort()
    .map((name) => ({ kind, name, text: readFileSync(join(own, name), "utf8") }));
}

export function ownSample(kind: string, name: string): string {
  return readFileSync(join(projectRoot, "integrations", "channels", kind, "samples", name), "utf8");
}

/** Every published sample of every channel, or of one. */
export function channelSamples(kind?: string): readonly ChannelSample[] {
  if (!hasChannelSamples) return [];
  return readdirSync(folder)
    .filter((channel) => kind === undefined || channel === kind)
    .flatMap((channel) =>
      readdirSync(join(folder, channel))
        .sort()
        .map((name) => ({ kind: channel, name, text: readFileSync(join(folder, channel, name), "utf8") })),
    );
}

export function channelSample(kind: string, name: string): string {
  return readFileSync(join(folder, kind, name), "utf8");
}

const cases = join(projectRoot, "..", "shared", "cases", "channels");

export const hasChannelCases = existsSync(cases);
/** Appended to the titles of tests that need the cases. */
export const casesNote = hasChannelCases ? "" : ` (skipped: no cases in ${cases})`;

/** A payload that once was read wrongly, by its name, e.g. `w04-cod`. */
export function channelCase(name: string): string {
  return readFileSync(join(cases, `${name}.json`), "utf8");
}
