/** What a thread of the reading pool runs: one payload. Piscina calls the default export. */
import type { ChannelReading } from "../../ports/channels.ts";
import { channelAdapters } from "./registry.ts";

export type ReadingTask = {
  readonly kind: string;
  readonly payload: string;
  readonly topic: string | null;
};

export default function readAside({ kind, payload, topic }: ReadingTask): readonly ChannelReading[] {
  const adapter = channelAdapters.get(kind);
  if (adapter === undefined) throw new Error(`no adapter reads channels of kind ${kind}`);
  return adapter.read(payload, topic);
}
