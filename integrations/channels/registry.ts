import type { ChannelAdapter } from "../../ports/channels.ts";

/** Every channel adapter by its kind. */
export const channelAdapters: ReadonlyMap<string, ChannelAdapter> = new Map();
