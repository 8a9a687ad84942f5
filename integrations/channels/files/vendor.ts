import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { folderProblem, secondsProblem } from "../../vendor-kit/partner-folder/folder-settings.ts";
import { filesAdapter } from "./adapter.ts";

const api: ChannelApi = {
  variables: [
    {
      name: "FILES_FOLDER",
      meaning: "the folder on this machine, with inbox and outbox in it",
      standard: "none",
      requiredToServe: true,
      problemOf: folderProblem,
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
  ],
  connect: async (values, options) =>
    (await import("./connection.ts")).createFilesConnection(values, options),
  simulator: async () => (await import("./simulator.ts")).filesSimulator,
};

export const files: ChannelVendor = {
  adapter: filesAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).filesWriter,
  api,
};
