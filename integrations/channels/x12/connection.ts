/** A trading partner who writes X12: `partner-folder/` with the format of X12. */
import type { ChannelConnection } from "../../../ports/channel-connection.ts";
import { createFolderConnection } from "../../partner-folder/folder-connection.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { createX12Format } from "./format.ts";
import { x12PartnerOf } from "./partner.ts";

/** @param values as `x12Variables` declares them */
export function createX12Connection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const partner = x12PartnerOf(values);
  const now = options.now ?? Date.now;
  return createFolderConnection(
    createX12Format(partner, now),
    {
      folder: partner.folder,
      key: partner.folderKey,
      settleMs: partner.settleMs,
      stockPauseMs: partner.stockPauseMs,
      partner: `${partner.partnerQualifier}:${partner.partnerId} (X12)`,
    },
    { now },
  );
}
