/** A partner who drops tables or JSON lines into a folder: `partner-folder/` with their format. */
import type { ChannelConnection } from "../../../ports/channel-connection.ts";
import type { ChannelAdapter } from "../../../ports/channels.ts";
import { createFolderConnection } from "../../partner-folder/folder-connection.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { createFilesFormat } from "./format.ts";

/** @param values as the vendor declares them */
export function createFilesConnection(
  adapter: ChannelAdapter,
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const kind = values["FILES_FORMAT"] === "jsonl" ? "jsonl" : "csv";
  return createFolderConnection(
    createFilesFormat(adapter, kind),
    {
      folder: values["FILES_FOLDER"] ?? "",
      settleMs: Number(values["FILES_SETTLE_SECONDS"]) * 1_000,
      stockPauseMs: Number(values["FILES_STOCK_MINUTES"] ?? "0") * 60_000,
      partner: "files",
      key: values["FILES_FOLDER_KEY"] ?? "",
    },
    { now: options.now ?? Date.now },
  );
}
