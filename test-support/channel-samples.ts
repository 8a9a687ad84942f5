/**
 * The channels' own published sample payloads, kept beside the project where they are present (`../shared/data/channels`);
 * they belong to the channels and are not copied here. Tests that need them are skipped, saying so, where they are not.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../config/project-root.ts";

const folder = join(projectRoot, "..", "shared", "data", "channels");

export const hasChannelSamples = existsSync(folder);
/** Appended to the titles of tests that need the samples. */
export const samplesNote = hasChannelSamples ? "" : ` (skipped: no samples in ${folder})`;

export type ChannelSample = { readonly kind: string; readonly name: string; readonly text: string };

/** Every sample of every channel, or of one. */
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
