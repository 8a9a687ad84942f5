import type { ChannelAdapter } from "../../../ports/channels.ts";
import {
  folderVariable,
  folderVariables,
  settleVariable,
  stockPauseVariable,
} from "../../partner-folder/folder-settings.ts";
import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { createFilesAdapter } from "./adapter.ts";

const variables: ChannelApi["variables"] = [
  ...folderVariables("FILES"),
  folderVariable("FILES")("FORMAT", "csv or jsonl, of what we write; both are read", "csv", (value) =>
    ["csv", "jsonl"].includes(value) ? null : "must be csv or jsonl",
  ),
  stockPauseVariable("FILES", "1"),
  settleVariable("FILES"),
];

/** @param canonical reads one order as `POST /v1/orders` takes it */
export function filesVendor(canonical: ChannelAdapter): ChannelVendor {
  const adapter = createFilesAdapter(canonical);
  return {
    adapter,
    sampleOrders: async () => (await import("./sample-orders.ts")).filesWriter,
    api: {
      variables,
      connect: async (values, options) =>
        (await import("./connection.ts")).createFilesConnection(adapter, values, options),
      simulator: async () => (await import("./simulator.ts")).filesSimulator,
    },
  };
}
