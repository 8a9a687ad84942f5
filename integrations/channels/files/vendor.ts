import type { ChannelAdapter } from "../../../ports/channels.ts";
import { FOLDER_KEY_MEANING, folderProblem, secondsProblem } from "../../partner-folder/folder-settings.ts";
import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { createFilesAdapter } from "./adapter.ts";

const variables: ChannelApi["variables"] = [
  {
    name: "FILES_FOLDER",
    meaning: "the folder on this machine, with inbox and outbox in it",
    standard: "none",
    requiredToServe: true,
    problemOf: folderProblem,
    fallback: () => "",
  },
  {
    name: "FILES_FOLDER_KEY",
    meaning: FOLDER_KEY_MEANING,
    standard: "none",
    requiredToServe: false,
    isSecret: true,
    fallback: () => "",
  },
  {
    name: "FILES_FORMAT",
    meaning: "csv or jsonl, of what we write; both are read",
    standard: "csv",
    requiredToServe: false,
    problemOf: (value) => (["csv", "jsonl"].includes(value) ? null : "must be csv or jsonl"),
    fallback: () => "csv",
  },
  {
    name: "FILES_SETTLE_SECONDS",
    meaning: "how long nobody may have written to a file before it is read",
    standard: "5",
    requiredToServe: false,
    problemOf: secondsProblem,
    fallback: () => "5",
  },
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
